import { describe, expect, it } from "vitest";

import { Budget } from "../../src/clock/budget.js";
import { randomFrom } from "../../src/testing/virtual/random.js";

const MINUTE_MS = 60_000;

/** Sends requests at given instants whenever the budget allows. Returns when it did. */
function sendTimes(budget: Budget, instants: readonly number[]): number[] {
  return instants.flatMap((at) => {
    if (budget.left(at) <= 0) {
      return [];
    }
    budget.take(at);
    return [at];
  });
}

/** Returns the largest number of requests within any minute. */
function mostInAMinute(asked: readonly number[]): number {
  return Math.max(
    0,
    ...asked.map((from) => asked.filter((at) => at >= from && at < from + MINUTE_MS).length),
  );
}

const often = (at: number): number[] => Array<number>(100).fill(at);

describe("the budget of requests", () => {
  it("is 16 at first, plus those of the first minute", () => {
    const asked = sendTimes(new Budget(), often(0));
    expect(asked.length).toBeGreaterThan(16);
    expect(asked.length).toBeLessThanOrEqual(16 + 8);
  });

  it("is at most 8 in any minute from then on, and used up until the minute is over", () => {
    const budget = new Budget();
    const first = sendTimes(budget, often(0));
    expect(budget.left(MINUTE_MS - 1)).toBe(0);
    const next = sendTimes(budget, often(MINUTE_MS));
    expect(next).toHaveLength(first.length - 16);
    expect(next.length).toBeLessThanOrEqual(8);
  });

  it("never allows more, whenever requests come", () => {
    const random = randomFrom("1");
    for (let round = 0; round < 100; round += 1) {
      const budget = new Budget();
      const haste = 10 ** (random() * 5);
      const asked: number[] = [];
      for (let [count, now] = [0, 0]; count < 400; count += 1) {
        now += random() * haste;
        const possibleSleepMs = random() < 0.2 ? random() * 2 * MINUTE_MS : 0;
        if (budget.left(now) > 0 || budget.mayAskOnce(now, possibleSleepMs)) {
          budget.take(now);
          asked.push(now);
        }
      }
      expect(asked.length).toBeGreaterThanOrEqual(16);
      expect(mostInAMinute(asked.slice(16))).toBeLessThanOrEqual(8);
    }
  });

  it("allows one more to find out whether the machine has slept, if the minute would then be over", () => {
    const budget = new Budget();
    sendTimes(budget, often(0));
    expect(budget.mayAskOnce(1_000, 10_000)).toBe(false);
    expect(budget.mayAskOnce(1_000, 3_600_000)).toBe(true);
    budget.take(1_000);
    expect(budget.mayAskOnce(1_000, 3_600_000)).toBe(false);
  });

  it("gets back a request that reached no server", () => {
    const budget = new Budget();
    const full = budget.left(0);
    for (let count = 0; count < 100; count += 1) {
      budget.take(count)();
      expect(budget.left(count)).toBe(full);
    }
    sendTimes(budget, often(1_000).slice(0, 20));
    const left = budget.left(2_000);
    budget.take(2_000)();
    expect(budget.left(2_000)).toBe(left);
  });

  it("does not get back a request that no longer counts", () => {
    const budget = new Budget();
    sendTimes(budget, often(0).slice(0, 20));
    const takeBack = budget.take(0);
    sendTimes(budget, often(MINUTE_MS));
    takeBack();
    expect(budget.left(MINUTE_MS)).toBe(0);
  });
});
