import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { firstDifference, parting } from "../src/compare.js";

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
  return { ask, asked, digests: (numbers: number[]) => new Map(numbers.map((n) => [n, digest(n)])) };
}

describe("the first state that differs", () => {
  it.each([0, 1, 7, 499, 500, 998, 999])("is found: %d", async (state) => {
    expect(await firstDifference(program().ask, program(state).ask, 0, 1000)).toBe(state);
  });

  it("is the first, though later ones differ too", async () => {
    expect(await firstDifference(program().ask, program(321, 322, 900).ask, 0, 1000)).toBe(321);
  });

  it("is found by halving", async () => {
    const right = program();
    await firstDifference(right.ask, program(321).ask, 0, 1000);
    expect(right.asked.length).toBeLessThanOrEqual(10);
    expect(right.asked[0]).toBe(500);
  });
});

describe("where two programs part", () => {
  const numbers = [10, 100, 1000];

  it("is nowhere if they agree", () => {
    expect(parting(program().digests(numbers), program().digests([10, 100]))).toBeUndefined();
  });

  it("lies between the last digest that is equal and the first that is not", () => {
    const where = parting(program().digests(numbers), program(50).digests(numbers));
    expect(where).toEqual({ equal: 10, different: 100 });
  });

  it("can be before all digests", () => {
    const where = parting(program().digests(numbers), program(3).digests(numbers));
    expect(where).toEqual({ equal: 0, different: 10 });
  });
});
