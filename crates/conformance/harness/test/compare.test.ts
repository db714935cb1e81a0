import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { Comparison, firstDifference } from "../src/compare.js";

/** A program whose answer to every state is its number, except for some wrong states. */
function program(...wrong: readonly number[]) {
  const calls: number[] = [];
  const digest = (states: number) => {
    const hash = createHash("sha256");
    for (let state = 0; state < states; state += 1) {
      hash.update(wrong.includes(state) ? "wrong" : `${state},`);
    }
    return hash.digest("hex");
  };
  const source = (states: number) => {
    calls.push(states);
    return Promise.resolve(digest(states));
  };
  return {
    source,
    calls,
    digest,
    digests: (numbers: number[]) => new Map(numbers.map((n) => [n, digest(n)])),
  };
}

const ALL = { equal: 0, different: 1000 };

describe("the first state that differs", () => {
  it.each([0, 1, 7, 499, 500, 998, 999])("is found: %d", async (state) => {
    expect(await firstDifference(program().source, program(state).source, ALL)).toBe(state);
  });

  it("is the first one, even if later ones differ too", async () => {
    expect(await firstDifference(program().source, program(321, 322, 900).source, ALL)).toBe(321);
  });

  it("is found by binary search", async () => {
    const right = program();
    await firstDifference(right.source, program(321).source, ALL);
    expect(right.calls.length).toBeLessThanOrEqual(10);
    expect(right.calls[0]).toBe(500);
  });
});

describe("a comparison", () => {
  const comparison = () => new Comparison(program().digests([10, 100, 1000]));

  it("finds no divergence in equal digests, and does not count digests without an expected one", () => {
    const compared = comparison();
    for (const states of [10, 50, 100]) {
      expect(compared.add(states, program().digest(states))).toBeUndefined();
    }
    expect(compared.compared).toBe(2);
  });

  it("finds a divergence between the last equal digest and the first different one", () => {
    const compared = comparison();
    expect(compared.add(10, program(50).digest(10))).toBeUndefined();
    expect(compared.add(100, program(50).digest(100))).toEqual({ equal: 10, different: 100 });
  });

  it("finds a divergence before the first digest", () => {
    expect(comparison().add(10, program(3).digest(10))).toEqual({ equal: 0, different: 10 });
  });
});
