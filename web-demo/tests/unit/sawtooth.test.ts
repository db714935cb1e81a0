import { loadEngine, Timeline } from "tickseed";
import { beforeAll, describe, expect, test } from "vitest";

import { reach, slope, stairs, teeth } from "../../src/sawtooth.js";

let timeline: Timeline;

beforeAll(async () => {
  await loadEngine();
  timeline = new Timeline({
    seed: "550e8400-e29b-41d4-a716-446655440000",
    start_at: 0,
    tick_ms: 100,
    rules: { break_interval: { min: 3, max: 8 } },
  });
});

describe("the rounds of a stretch", () => {
  test("have the value of every step, breaks included", () => {
    const stretch = { from: -4.5, to: 300 };
    const values = new Map<number, number>();
    for (const tooth of teeth(timeline, stretch)) {
      for (const [step, value] of stairs(tooth, stretch).filter((_, index) => index % 2 === 0)) {
        values.set(step, value);
      }
    }
    for (let step = 0; step <= 300; step += 1) {
      expect(values.get(step)).toBe(timeline.value(step));
    }
  });

  test("do not exist before the start", () => {
    expect(teeth(timeline, { from: -20, to: -1 })).toEqual([]);
  });

  test("are never more than a screen can show", () => {
    expect(teeth(timeline, { from: 0, to: 1e9 }).length).toBe(400);
  });

  test("become slopes from the break to the interval if ticks are too narrow", () => {
    expect(slope({ base: 10, end: 15, interval: 4 })).toEqual([
      [10, 0],
      [15, 5],
    ]);
    expect(slope({ base: -1, end: 4, interval: 4 })).toEqual([
      [0, 1],
      [4, 5],
    ]);
  });
});

test("a plot reaches at least two rounds back and half a round ahead", () => {
  const { back, ahead } = reach({ min: 30, max: 80 });
  expect(back).toBeGreaterThan(2 * 56);
  expect(ahead).toBeGreaterThan(56 / 2);
  expect(reach({ min: 1, max: 1 })).toEqual({ back: 20, ahead: 6 });
});
