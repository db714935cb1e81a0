import { expect, test } from "vitest";

import { press } from "../../src/timeline/keys.js";
import { Navigation } from "../../src/timeline/navigation.js";

const NOW = 1_000_000;
const KEYS = ["ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "+", "=", "-"];
const PLAIN = { ctrlKey: false, metaKey: false, altKey: false };

function pressed(key: string, modifiers: Partial<typeof PLAIN> = {}): { isTaken: boolean; view: unknown } {
  const navigation = new Navigation(() => undefined);
  navigation.move(-5_000, NOW);
  const isTaken = press({ navigation, now: NOW }, { key, ...PLAIN, ...modifiers });
  return { isTaken, view: [navigation.centerAt(NOW), navigation.centerAt(NOW + 1), navigation.spanMs] };
}

const UNTOUCHED = pressed("a").view;

test.each(KEYS)("the key %s moves or zooms the timeline", (key) => {
  const { isTaken, view } = pressed(key);
  expect(isTaken).toBe(true);
  expect(view).not.toEqual(UNTOUCHED);
});

test.each(KEYS)("the key %s with Ctrl, Cmd or Alt is left to the browser", (key) => {
  for (const modifiers of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
    expect(pressed(key, modifiers)).toEqual({ isTaken: false, view: UNTOUCHED });
  }
});

test("any other key is left to the browser", () => {
  expect(pressed("a").isTaken).toBe(false);
});
