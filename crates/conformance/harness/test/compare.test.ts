import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { Comparison, firstDifference } from "../src/compare.js";

/** A program that answers every state with its number, but some with something else. */
function program(...wrong: readonly number[]) {
  const asked: number[] = [];
  const digest = (states: number) => {
    const hash = createHash("sha256");
    for (let state = 0; state < states; state += 1) {
      hash.update(wrong.includes(state) ? "wrong" : `${state},`);
    }
    return hash.digest("hex");
  };
  const ask = (states: number) => {
    asked.push(states);
    return Promise.resolve(digest(states));
  };
  return { ask, asked, digest, digests: (numbers: number[]) => new Map(numbers.map((n) => [n, digest(n)])) };
}

const ALL = { equal: 0, different: 1000 };

describe("the first state that differs", () => {
  it.each([0, 1, 7, 499, 500, 998, 999])("is found: %d", async (state) => {
    expect(await firstDifference(program().ask, program(state).ask, ALL)).toBe(state);
  });

  it("is the first, though later ones differ too", async () => {
    expect(await firstDifference(program().ask, program(321, 322, 900).ask, ALL)).toBe(321);
  });

  it("is found by halving", async () => {
    const right = program();
    await firstDifference(right.ask, program(321).ask, ALL);
    expect(right.asked.length).toBeLessThanOrEqual(10);
    expect(right.asked[0]).toBe(500);
  });
});

describe("where two programs part", () => {
  const comparison = () => new Comparison(program().digests([10, 100, 1000]));

  it("is nowhere if they agree, and what nothing is known of is not counted", () => {
    const compared = comparison();
    for (const states of [10, 50, 100]) {
      expect(compared.take(states, program().digest(states))).toBeUndefined();
    }
    expect(compared.compared).toBe(2);
  });

  it("lies between the last digest that is equal and the first that is not", () => {
    const compared = comparison();
    expect(compared.take(10, program(50).digest(10))).toBeUndefined();
    expect(compared.take(100, program(50).digest(100))).toEqual({ equal: 10, different: 100 });
  });

  it("can be before all digests", () => {
    expect(comparison().take(10, program(3).digest(10))).toEqual({ equal: 0, different: 10 });
  });
});
