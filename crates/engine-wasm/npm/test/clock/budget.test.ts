import { describe, expect, it } from "vitest";

import { Budget } from "../../src/clock/budget.js";
import { randomFrom } from "../../virtual/random.js";

const MINUTE_MS = 60_000;

/** Asks as often as the budget lets it, at instants of somebody's choice. Gives when. */
function asking(budget: Budget, instants: readonly number[]): number[] {
  return instants.flatMap((at) => {
    if (budget.left(at) <= 0) {
      return [];
    }
    budget.take(at);
    return [at];
  });
}

/** The most questions that lie within any minute. */
function mostInAMinute(asked: readonly number[]): number {
  return Math.max(
    0,
    ...asked.map((from) => asked.filter((at) => at >= from && at < from + MINUTE_MS).length),
  );
}

const often = (at: number): number[] => Array<number>(100).fill(at);

describe("the budget of questions", () => {
  it("is sixteen at first, and some that count as those of the first minute", () => {
    const asked = asking(new Budget(), often(0));
    expect(asked.length).toBeGreaterThan(16);
    expect(asked.length).toBeLessThanOrEqual(16 + 8);
  });

  it("is at most eight in any minute from then on, and used up until the minute is over", () => {
    const budget = new Budget();
    const first = asking(budget, often(0));
    expect(budget.left(MINUTE_MS - 1)).toBe(0);
    const next = asking(budget, often(MINUTE_MS));
    expect(next).toHaveLength(first.length - 16);
    expect(next.length).toBeLessThanOrEqual(8);
  });

  it("never lets through more, whenever somebody asks", () => {
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

  it("lets one more through to find out whether the machine has slept, if it would then be over", () => {
    const budget = new Budget();
    asking(budget, often(0));
    expect(budget.mayAskOnce(1_000, 10_000)).toBe(false);
    expect(budget.mayAskOnce(1_000, 3_600_000)).toBe(true);
    budget.take(1_000);
    expect(budget.mayAskOnce(1_000, 3_600_000)).toBe(false);
  });

  it("is given back for a question that reached nobody", () => {
    const budget = new Budget();
    const full = budget.left(0);
    for (let count = 0; count < 100; count += 1) {
      budget.take(count)();
      expect(budget.left(count)).toBe(full);
    }
    asking(budget, often(1_000).slice(0, 20));
    const left = budget.left(2_000);
    budget.take(2_000)();
    expect(budget.left(2_000)).toBe(left);
  });

  it("is not given back for a question that counts no more", () => {
    const budget = new Budget();
    asking(budget, often(0).slice(0, 20));
    const takeBack = budget.take(0);
    asking(budget, often(MINUTE_MS));
    takeBack();
    expect(budget.left(MINUTE_MS)).toBe(0);
  });
});
