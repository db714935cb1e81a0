import { describe, expect, it } from "vitest";

import type { Settled } from "../../src/session/events.js";
import { SettledPromise } from "../../src/session/settled-promise.js";
import { HttpWorld, NOON } from "../world/http-world.js";

/** A promise in a virtual world, and its reports. */
class Harness {
  readonly world = new HttpWorld();
  readonly reported: (Settled & { readonly at: number })[] = [];
  readonly promise: SettledPromise;
  errorMs = 10;

  constructor(until?: number) {
    const parts = {
      timers: this.world.platform.timers,
      read: () => ({ now: this.world.now, errorMs: this.errorMs, synced: true }),
      changed: (settled: Settled) => this.reported.push({ ...settled, at: this.world.now - NOON }),
    };
    this.promise = new SettledPromise(parts, until);
  }
}

describe("a promise", () => {
  it("lasts until its instant, less the error of the clock", async () => {
    const { reported, promise, world } = new Harness(NOON + 5_000);
    await world.pass(4_989);
    expect(promise.isSettled).toBe(true);
    await world.pass(1);
    expect(promise.isSettled).toBe(false);
    await world.pass(60_000);
    expect(reported).toEqual([{ isSettled: false, settledUntil: NOON + 5_000, at: 4_990 }]);
    expect(promise.until).toBe(NOON + 5_000);
    expect(world.leftovers.timers).toBe(0);
  });

  it("is extended by a later one, and not by an earlier one", async () => {
    const { reported, promise, world } = new Harness(NOON + 5_000);
    promise.extend(NOON + 9_000);
    promise.extend(NOON + 8_000);
    promise.extend(undefined);
    await world.pass(60_000);
    expect(reported).toEqual([{ isSettled: false, settledUntil: NOON + 9_000, at: 8_990 }]);
  });

  it("that comes after the last has run out turns it again", async () => {
    const { reported, promise, world } = new Harness(NOON + 5_000);
    await world.pass(7_000);
    promise.extend(NOON + 9_000);
    expect(promise.isSettled).toBe(true);
    await world.pass(60_000);
    expect(reported.map(({ isSettled, at }) => [isSettled, at])).toEqual([
      [false, 4_990],
      [true, 7_000],
      [false, 8_990],
    ]);
  });

  it("ends sooner if the error of the clock grows, and that is found at the next check", async () => {
    const harness = new Harness(NOON + 5_000);
    await harness.world.pass(4_000);
    harness.errorMs = 2_000;
    expect(harness.promise.isSettled).toBe(false);
    harness.promise.check();
    harness.errorMs = 10;
    harness.promise.check();
    expect(harness.reported.map(({ isSettled }) => isSettled)).toEqual([false, true]);
  });

  it("is missing at first for a session without a notice: then no timer is set and nothing is reported", async () => {
    const { reported, promise, world } = new Harness();
    promise.extend(undefined);
    promise.replace(undefined, NOON);
    await world.pass(60_000);
    expect([promise.isSettled, promise.until]).toEqual([false, undefined]);
    expect(reported).toEqual([]);
    expect(world.delays).toEqual([]);
  });

  it("without an end takes no timer", async () => {
    const { reported, promise, world } = new Harness();
    promise.extend(Number.POSITIVE_INFINITY);
    await world.pass(60_000);
    expect(promise.isSettled).toBe(true);
    expect(reported).toEqual([{ isSettled: true, settledUntil: Number.POSITIVE_INFINITY, at: 0 }]);
    expect(world.leftovers.timers).toBe(0);
  });

  it("far away takes one timer per minute", async () => {
    const { world } = new Harness(NOON + 86_400_000);
    await world.pass(600_000);
    expect(new Set(world.delays)).toEqual(new Set([60_000]));
  });

  it("is not reported any more once it has ended", async () => {
    const { reported, promise, world } = new Harness(NOON + 5_000);
    promise.end();
    promise.extend(NOON + 9_000);
    await world.pass(60_000);
    expect(reported).toEqual([]);
    expect(world.leftovers.timers).toBe(0);
  });
});

describe("the promise about a new version", () => {
  it("is added to that before if the new version keeps it", () => {
    const { promise } = new Harness(NOON + 5_000);
    promise.replace(undefined, NOON + 5_000);
    expect(promise.until).toBe(NOON + 5_000);
    promise.replace(NOON + 4_000, NOON + 60_000);
    expect(promise.until).toBe(NOON + 5_000);
    promise.replace(NOON + 9_000, Number.POSITIVE_INFINITY);
    expect(promise.until).toBe(NOON + 9_000);
  });

  it("takes the place of that before if the new version breaks it", () => {
    const { reported, promise } = new Harness(NOON + 5_000);
    promise.replace(NOON + 3_000, NOON + 4_999);
    expect(promise.until).toBe(NOON + 3_000);
    expect(reported).toEqual([]);
    promise.replace(undefined, NOON + 2_000);
    expect(promise.until).toBeUndefined();
    expect(reported).toEqual([{ isSettled: false, settledUntil: undefined, at: 0 }]);
  });
});
