/** What a draw offers beside the functions of the engine's definition, from which all of it follows. */
import { beforeAll, describe, expect, it } from "vitest";

import { type Draw, loadEngine, Timeline } from "../src/index.js";

let timeline: Timeline;

beforeAll(async () => {
  await loadEngine();
  timeline = new Timeline({ seed: "any", start_at: 0, tick_ms: 1 });
});

/** Many draws, each twice: from the first word. */
const pairs = () => Array.from({ length: 200 }, (_, step) => [dice(step), dice(step)] as const);
const dice = (step: number) => timeline.draw(step, "dice");

/** Checks that a call throws, and takes no word. */
function expectRejected(call: (draw: Draw) => unknown, error: object): void {
  const draw = dice(7);
  expect(() => call(draw)).toThrow(expect.objectContaining({ name: "EngineError", ...error }));
  expect(draw.word()).toBe(dice(7).word());
}

describe("between", () => {
  it.each([
    [1, 6],
    [-3, 3],
    [5, 5],
    [0, 2 ** 32 - 2],
    [2 ** 53 - 11, 2 ** 53 - 1],
    [-(2 ** 53 - 1), -(2 ** 53 - 1) + 2 ** 32 - 2],
  ])("%d and %d is `below`, moved", (min, max) => {
    for (const [draw, same] of pairs()) {
      const found = draw.between(min, max);
      expect(found).toBe(min + same.below(max - min + 1));
      expect(found >= min && found <= max).toBe(true);
      expect(draw.word()).toBe(same.word());
    }
  });

  it("includes both ends, and zero is positive", () => {
    const found = new Set(pairs().map(([draw]) => draw.between(-1, 1)));
    expect([...found].sort((one, other) => one - other)).toEqual([-1, 0, 1]);
    expect([...found].some((value) => Object.is(value, -0))).toBe(false);
  });

  it.each([
    [6, 1, "max must be from 6 to 4294967300, got 1"],
    [0, 2 ** 32 - 1, "max must be from 0 to 4294967294, got 4294967295"],
    [
      -(2 ** 53 - 1),
      2 ** 53 - 1,
      "max must be from -9007199254740991 to -9007194959773697, got 9007199254740991",
    ],
  ])("%d and %d is rejected", (min, max, message) => {
    expectRejected((draw) => draw.between(min, max), { code: "out_of_range", field: "max", message });
  });

  it.each([0.5, Number.NaN, 2 ** 53, "1", undefined])("takes integers only, not %s", (odd) => {
    expectRejected((draw) => draw.between(odd as number, 9), { code: "not_an_integer", field: "min" });
    expectRejected((draw) => draw.between(0, odd as number), { code: "not_an_integer", field: "max" });
  });
});

describe("chance", () => {
  it("compares the 53 bits of `unit` exactly", () => {
    for (const [draw, same] of pairs()) {
      const unit = same.unit();
      expect(draw.chance(unit), "unit() < probability").toBe(false);
      expect(draw.word()).toBe(same.word());
    }
    for (const [draw, same] of pairs()) {
      expect(draw.chance(same.unit() + 2 ** -53)).toBe(true);
    }
  });

  it("is never true with 0, always true with 1, and takes two words", () => {
    for (const [draw, same] of pairs()) {
      expect([draw.chance(0), draw.chance(1)]).toEqual([false, true]);
      same.unit();
      same.unit();
      expect(draw.word()).toBe(same.word());
    }
  });

  it.each<[unknown, string]>([
    [-Number.MIN_VALUE, "-5e-324"],
    [1 + Number.EPSILON, "1.0000000000000002"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [undefined, "undefined"],
  ])("of %s is rejected", (probability, got) => {
    const message = `probability must be from 0 to 1, got ${got}`;
    expectRejected((draw) => draw.chance(probability as number), {
      code: "out_of_range",
      field: "probability",
      message,
    });
  });
});

describe("pick", () => {
  it("gives the item at the index that `below` gives, and leaves the list as it is", () => {
    const items: readonly string[] = Object.freeze(["ace", "king", "queen"]);
    for (const [draw, same] of pairs()) {
      expect(draw.pick(items)).toBe(items[same.below(3)]);
      expect(draw.word()).toBe(same.word());
    }
  });

  it("from an empty list is rejected", () => {
    const message = "items must be from 1 to 4294967295, got 0";
    expectRejected((draw) => draw.pick([]), { code: "out_of_range", field: "items", message });
  });
});

it("a freed draw gives nothing", () => {
  const draw = dice(0);
  draw.free();
  for (const use of [() => draw.between(1, 6), () => draw.chance(0.5), () => draw.pick([1])]) {
    expect(use).toThrow(expect.objectContaining({ code: "freed", field: "draw" }));
  }
});
