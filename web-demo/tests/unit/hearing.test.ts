import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Hearing } from "../../src/player/hearing.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a deaf player knows how often it asks, from its latest requests", () => {
  const hearing = new Hearing();
  hearing.note(true);
  expect(hearing.asksEveryMs).toBeUndefined();
  hearing.asked();
  expect(hearing.asksEveryMs).toBeUndefined();
  for (const pauseMs of [60_000, 4_000, 6_000, 5_000, 5_000]) {
    vi.advanceTimersByTime(pauseMs);
    hearing.asked();
  }
  expect(hearing.asksEveryMs).toBe(5_000);
});

test("a player that hears again begins anew", () => {
  const hearing = new Hearing();
  hearing.note(true);
  hearing.asked();
  vi.advanceTimersByTime(5_000);
  hearing.asked();
  hearing.note(false);
  expect(hearing.asksEveryMs).toBeUndefined();
  hearing.note(true);
  hearing.asked();
  expect(hearing.asksEveryMs).toBeUndefined();
});
