import { loadEngine, Timeline } from "tickseed";
import { beforeAll, expect, test, vi } from "vitest";

import {
  changes,
  nextChange,
  type PaceWish,
  paceAt,
  paceRequest,
  paceToChange,
  positionAt,
  shortestTickMs,
} from "../../src/pace.js";
import type { SessionAnswer } from "../../src/server.js";

const START = Date.UTC(2026, 10, 23, 12);
const at = (ms: number): string => new Date(START + ms).toISOString();
const PLAIN = { seed: "a seed", start_at: at(0), tick_ms: 100 } as SessionAnswer;
const CHANGED = {
  ...PLAIN,
  schedule: [
    { at: at(1_000), paused: true },
    { at: at(5_000), tick_ms: 100 },
    { at: at(6_000), tick_ms: 50 },
    { at: at(7_000), paused: true },
  ],
} as SessionAnswer;
beforeAll(() => loadEngine());

/** A session that pauses at that many milliseconds. */
const planned = (ms: number): SessionAnswer => ({ ...PLAIN, schedule: [{ at: at(ms), paused: true }] });

test("a session without changes keeps its pace", () => {
  expect(changes(PLAIN)).toEqual([]);
  expect(paceAt(PLAIN, START)).toMatchObject({ isPaused: false, tickMs: 100 });
  expect(nextChange(PLAIN, START)).toBeUndefined();
  expect(shortestTickMs(PLAIN)).toBe(100);
});

test("the pace follows the changes, and a pause keeps the length of its ticks", () => {
  const paces = [999, 1_000, 4_999, 5_000, 6_000, 7_000].map((ms) => paceAt(CHANGED, START + ms));
  expect(paces.map(({ isPaused, tickMs }) => (isPaused ? -tickMs : tickMs))).toEqual([
    100, -100, -100, 100, 50, -50,
  ]);
  expect(nextChange(CHANGED, START + 999)).toMatchObject({ at: START + 1_000, isPaused: true, tickMs: 100 });
  expect(nextChange(CHANGED, START + 1_000)).toMatchObject({
    at: START + 5_000,
    isPaused: false,
    tickMs: 100,
  });
  expect(nextChange(CHANGED, START + 7_000)).toBeUndefined();
  expect(shortestTickMs(CHANGED)).toBe(50);
});

test("a schedule is folded once, although every frame needs it several times", () => {
  const read = vi.fn(() => CHANGED.schedule);
  const session = Object.defineProperty({ ...PLAIN }, "schedule", { get: read });
  for (let frame = 0; frame < 3; frame += 1) {
    expect(paceToChange(session, START)).toMatchObject({ isPaused: true });
    expect(positionAt(session, START + 500)).toBe(5);
  }
  expect(read).toHaveBeenCalledTimes(1);
});

test("the position counts ticks with their fractions, and stands still during a pause", () => {
  const schedule = [
    { at: at(1_050), paused: true as const },
    { at: at(3_000), tick_ms: 100 },
    { at: at(3_050), tick_ms: 200 },
    { at: at(4_100), paused: true as const },
  ];
  const session = { ...PLAIN, schedule };
  const positions = [-150, 0, 25, 1_050, 2_000, 2_999, 3_025, 3_150, 4_100, 60_000].map((ms) =>
    positionAt(session, START + ms),
  );
  expect(positions).toEqual([-1.5, 0, 0.25, 10.5, 10.5, 10.5, 10.75, 11.5, 16.25, 16.25]);
  const timeline = new Timeline(session);
  for (let instant = START; instant < START + 5_000; instant += 7) {
    expect(Math.floor(positionAt(session, instant))).toBe(timeline.stepAt(instant));
  }
});

test.each<[string, SessionAnswer, PaceWish, string, object]>([
  ["a pause", PLAIN, "pause", "pause", { at: at(2_000) }],
  ["a resumption", CHANGED, "resume", "resume", { at: at(2_000) }],
  ["another rate", PLAIN, 250, "rate", { at: at(2_000), tick_ms: 250 }],
  ["another rate before a pause", planned(600_000), 250, "rate", { at: at(2_000), tick_ms: 250 }],
  ["another rate, which ends a pause", planned(1_000), 250, "resume", { at: at(2_000), tick_ms: 250 }],
  ["a resumption right after a pause", planned(2_999), "resume", "resume", { at: at(3_000) }],
  ["a pause with a notice, as early as it allows", { ...PLAIN, notice_ms: 5_000 }, "pause", "pause", {}],
])("%s is requested", (_what, session, wish, action, content) => {
  expect(paceRequest(session, wish, START)).toEqual({ action, content });
});

test.each([
  ["before it, two seconds ahead", 3_000, 0, false],
  ["on it, which the request follows", 2_000, 0, true],
  ["shortly before it, which the request follows", 2_999, 0, true],
  ["after it", 1_999, 0, true],
  ["before it, though it comes within the notice and two seconds", 7_000, 5_000, false],
  ["after it, because of the notice", 5_999, 5_000, true],
])("a request counts with a pause that is planned: %s", (_where, pausesAt, notice_ms, isPaused) => {
  expect(paceToChange({ ...planned(pausesAt), notice_ms }, START)).toMatchObject({ isPaused, tickMs: 100 });
});
