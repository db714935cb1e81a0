import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Device } from "../../src/player/device.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "Date", "setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Returns how far both clocks of a device go while something happens, in milliseconds. */
function passed({ time }: Device, run: () => void): { readonly monotonic: number; readonly wall: number } {
  const [monotonic, wall] = [time.monotonicMs(), time.wallMs()];
  run();
  return { monotonic: time.monotonicMs() - monotonic, wall: time.wallMs() - wall };
}

test("a clock that gains 400 millionths does so on both clocks, and one that is set only on the wall", () => {
  const device = new Device();
  device.bend({ aheadMs: 0, driftPpm: 400 });
  expect(passed(device, () => vi.advanceTimersByTime(1_000_000))).toEqual({
    monotonic: 1_000_400,
    wall: 1_000_400,
  });
  const set = passed(device, () => device.bend({ aheadMs: -7_200_000, driftPpm: 0 }));
  expect(set).toEqual({ monotonic: 0, wall: -7_200_000 });
});

test("while a device sleeps, its monotonic clock stands still, and nothing runs until it wakes", () => {
  const device = new Device();
  device.bend({ aheadMs: 0, driftPpm: 0 });
  const ran: string[] = [];
  device.wakeEvents((event) => ran.push(event));
  device.timers.set(() => ran.push("timer"), 2_000);
  device.timers.set(() => ran.push("never"), 3_000)();
  const slept = passed(device, () => {
    vi.advanceTimersByTime(1_000);
    device.sleep();
    device.whenAwake(() => ran.push("answer"));
    vi.advanceTimersByTime(10_000);
    expect(ran).toEqual([]);
    device.wake();
  });
  expect(slept).toEqual({ monotonic: 1_000, wall: 11_000 });
  expect(ran).toEqual(["woken", "answer", "timer"]);
});

test("a stamp from before a sleep, and one from within it, are what the device's clock said then", () => {
  const device = new Device();
  device.bend({ aheadMs: 0, driftPpm: 0 });
  const stamp = (): [real: number, device: number] => [performance.now(), device.time.monotonicMs()];
  const before = stamp();
  vi.advanceTimersByTime(500);
  device.sleep();
  vi.advanceTimersByTime(3_000);
  const within = stamp();
  vi.advanceTimersByTime(7_000);
  device.wake();
  device.bend({ aheadMs: 0, driftPpm: -400 });
  vi.advanceTimersByTime(1_000);
  for (const [real, said] of [before, within, stamp()]) {
    expect(device.monotonicAt(real)).toBeCloseTo(said, 6);
  }
  expect(within[1] - before[1]).toBe(500);
});
