import { loadEngine, Timeline } from "tickseed";
import { beforeAll, expect, test, vi } from "vitest";

import { begins, teeth } from "../../src/timeline/curve.js";
import { JUMPS } from "../../src/timeline/jumps.js";
import { FIRST_SPAN_MS, Navigation } from "../../src/timeline/navigation.js";

const START = Date.parse("2026-01-31T12:00:00.000Z");
const SESSION = {
  seed: "curve",
  start_at: START,
  tick_ms: 100,
  rules: { break_interval: { min: 5, max: 9 } },
  schedule: [
    { at: START + 10_000, paused: true as const },
    { at: START + 20_000, tick_ms: 100 },
  ],
};

beforeAll(() => loadEngine());

test.each([
  ["step by step", 3_000],
  ["as slopes", 60_000],
])("the curve has the counter's values, %s", (_how, length) => {
  const timeline = new Timeline(SESSION);
  const span = { from: START + 8_000, to: START + 8_000 + length };
  const found = teeth(timeline, span, [START + 10_000, START + 20_000]);
  expect(found.length).toBeGreaterThan(2);
  for (const { points, breaksAt, round, interval } of found) {
    expect(timeline.roundAt(round).interval).toBe(interval);
    expect(breaksAt).toBe(timeline.timeOf(timeline.roundAt(round).nextBreak));
    const inside = points.filter(([at]) => at >= span.from && at < Math.min(breaksAt, span.to));
    for (const [at, value] of inside) {
      expect(Math.abs(value - timeline.stateAt(Math.ceil(at)).value)).toBeLessThanOrEqual(1);
    }
  }
  timeline.free();
});

test("a step that never begins is drawn nowhere", () => {
  const timeline = new Timeline({ ...SESSION, schedule: SESSION.schedule.slice(0, 1) });
  expect(begins(timeline, 1_000)).toBe(Number.POSITIVE_INFINITY);
  expect(teeth(timeline, { from: START + 9_000, to: START + 50_000 }, []).at(-1)?.breaksAt).toBeGreaterThan(
    START + 50_000,
  );
  timeline.free();
});

test("the view follows the present until a visitor moves it, and stays within the definition", () => {
  const changed = vi.fn();
  const navigation = new Navigation(changed);
  expect(navigation.centerAt(1_000)).toBe(1_000);
  navigation.move(-5_000, 20_000);
  expect(navigation.centerAt(99_000)).toBe(15_000);
  navigation.zoom(2, 17_000, 99_000);
  expect(navigation.spanMs).toBe(2 * FIRST_SPAN_MS);
  expect(navigation.centerAt(99_000), "the instant under the pointer stays").toBe(13_000);
  navigation.move(-1e15, 0);
  expect(navigation.centerAt(0)).toBe(0);
  navigation.visitInstant(1e15, 3);
  expect(navigation.visit?.instant).toBe(253_402_300_799_999);
  navigation.follow();
  expect(navigation.isFollowing).toBe(true);
  expect(changed).toHaveBeenCalled();
});

test("jumps lead where they say", () => {
  const now = new Date(2026, 10, 30, 12).getTime();
  const to = Object.fromEntries(JUMPS.map(({ id, instant }) => [id, instant(now)]));
  expect(to).toEqual({
    minute: now - 60_000,
    hour: now + 3_600_000,
    year: now + 365 * 86_400_000,
    "new-year": new Date(2027, 0, 1).getTime(),
    "2500": new Date(2500, 0, 1).getTime(),
  });
});
