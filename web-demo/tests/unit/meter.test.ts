import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Meter } from "../../src/board/meter.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function seat(requests: number): Parameters<Meter["keep"]>[0] {
  return {
    traffic: { timeRequests: requests, otherRequests: 1, bytes: 100 * requests, events: 2 },
    streamed: { steps: 10 * requests, bytes: 500 * requests },
  };
}

test("a player that leaves takes nothing away from the sums", () => {
  const meter = new Meter();
  meter.begin();
  const [anna, ben] = [seat(5), seat(3)];
  const all = meter.totals([anna, ben]);
  expect(all).toEqual({
    traffic: { timeRequests: 8, otherRequests: 2, bytes: 800, events: 4 },
    streamed: { steps: 80, bytes: 4_000 },
  });
  meter.keep(ben);
  expect(meter.totals([anna])).toEqual(all);
  expect(meter.lastMinute([anna])).toMatchObject({ timeRequests: 8, otherRequests: 2 });
  expect(meter.totals([anna, seat(1)]).traffic.timeRequests).toBe(9);
});

test("what a player sent within the last minute counts there, also after it has left", () => {
  const meter = new Meter();
  meter.begin();
  const [anna, ben] = [seat(5), seat(3)];
  vi.advanceTimersByTime(1_000);
  meter.note([anna]);
  vi.advanceTimersByTime(60_000);
  meter.keep(ben);
  meter.note([anna]);
  expect(meter.lastMinute([anna])).toMatchObject({ timeRequests: 3, otherRequests: 1, bytes: 300 });
});

test("another session begins with nothing", () => {
  const meter = new Meter();
  meter.keep(seat(5));
  meter.begin();
  expect(meter.totals([]).traffic.timeRequests).toBe(0);
});
