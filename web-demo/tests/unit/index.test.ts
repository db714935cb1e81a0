import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { PATIENCE_MS } from "../../src/server.js";
import { PAUSE_MS } from "../../src/watch.js";

const TEXT = readFileSync(new URL("../../index.html", import.meta.url), "utf8");

/** Returns the values that a list of the page offers. */
function offered(id: string): readonly number[] {
  const [, list = ""] = new RegExp(`<select id="${id}">(.*?)</select>`, "s").exec(TEXT) ?? [];
  return [...list.matchAll(/<option value="(\d+)"/g)].map(([, value]) => Number(value));
}

test("every notice on offer outlasts the time between two answers, so that its promise never runs out in between", () => {
  const notices = offered("notice-ms").filter((ms) => ms > 0);
  expect(notices.length).toBeGreaterThan(0);
  expect(Math.min(...notices)).toBeGreaterThan(PAUSE_MS + PATIENCE_MS);
});
