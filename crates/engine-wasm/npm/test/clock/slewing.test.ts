import { describe, expect, it } from "vitest";

import { type Line, SlewedTime } from "../../src/clock/slewing.js";
import { randomFrom } from "../../src/testing/virtual/random.js";

const still = (offset: number): Line => ({ offset, drift: 0 });

describe("the displayed time", () => {
  it("is the estimate", () => {
    const slewed = new SlewedTime({ offset: 1_000, drift: 0.0001 }, 0);
    expect(slewed.at(0)).toBe(1_000);
    expect(slewed.at(10_000)).toBeCloseTo(11_001, 6);
  });

  it.each([1, -1])("makes up less than 128 ms at half a percent (%i)", (sign) => {
    const slewed = new SlewedTime(still(0), 0);
    slewed.follow(still(sign * 100), 0);
    expect(slewed.at(0)).toBe(0);
    expect(slewed.at(1_000)).toBeCloseTo(1_000 + sign * 5, 6);
    expect(slewed.at(19_000)).toBeCloseTo(19_000 + sign * 95, 6);
    expect(slewed.at(20_000)).toBeCloseTo(20_000 + sign * 100, 6);
    expect(slewed.at(30_000)).toBeCloseTo(30_000 + sign * 100, 6);
  });

  it("steps forward by 128 ms or more at once", () => {
    const slewed = new SlewedTime(still(0), 0);
    slewed.follow(still(127.999), 0);
    expect(slewed.at(0)).toBe(0);
    const stepping = new SlewedTime(still(0), 0);
    stepping.follow(still(128), 0);
    expect(stepping.at(0)).toBe(128);
  });

  it("halts for 128 ms or more backward, until the estimate has caught up", () => {
    const slewed = new SlewedTime(still(0), 0);
    expect(slewed.at(1_000)).toBe(1_000);
    slewed.follow(still(-500), 1_000);
    expect(slewed.at(1_001)).toBe(1_000);
    expect(slewed.at(1_499)).toBe(1_000);
    expect(slewed.at(1_501)).toBe(1_001);
  });

  it("continues from where it is if it is corrected again while slewing", () => {
    const slewed = new SlewedTime(still(0), 0);
    slewed.follow(still(100), 0);
    expect(slewed.at(10_000)).toBeCloseTo(10_050, 6);
    slewed.follow(still(0), 10_000);
    expect(slewed.at(10_000)).toBeCloseTo(10_050, 6);
    expect(slewed.at(20_000)).toBeCloseTo(20_000, 6);
  });

  it("ends a halt after a correction forward", () => {
    const slewed = new SlewedTime(still(0), 0);
    slewed.at(1_000);
    slewed.follow(still(-10_000), 1_000);
    expect(slewed.at(2_000)).toBe(1_000);
    slewed.follow(still(0), 2_000);
    expect(slewed.at(2_000)).toBe(2_000);
  });

  it("tolerates a monotonic clock that stands still", () => {
    const slewed = new SlewedTime(still(0), 0);
    slewed.follow(still(50), 100);
    expect(slewed.at(100)).toBe(slewed.at(100));
    slewed.follow(still(20), 100);
    expect(slewed.at(100)).toBe(100);
  });

  it("never goes backward, and never runs faster or slower than allowed, however it is corrected and read", () => {
    const random = randomFrom("1");
    for (let round = 0; round < 200; round += 1) {
      const slewed = new SlewedTime(still(0), 0);
      let [now, last] = [0, slewed.at(0)];
      for (let count = 0; count < 100; count += 1) {
        const passed = random() < 0.2 ? 0 : random() * 10 ** (random() * 5);
        now += passed;
        const read = slewed.at(now);
        expect(read).toBeGreaterThanOrEqual(last);
        // The drift of the estimate adds to that.
        expect(read - last).toBeLessThanOrEqual(passed * 1.00551 + 1e-6);
        last = read;
        if (random() < 0.3) {
          const offset = (random() - 0.5) * 10 ** (random() * 5);
          slewed.follow({ offset, drift: (random() - 0.5) * 0.001 }, now);
          const corrected = slewed.at(now);
          expect(corrected).toBeGreaterThanOrEqual(last);
          expect(corrected - last < 1e-6 || corrected - last > 128 - 1e-6).toBe(true);
          last = corrected;
        }
      }
    }
  });

  it("runs no slower than half a percent unless it halts", () => {
    const random = randomFrom("2");
    for (let round = 0; round < 200; round += 1) {
      const slewed = new SlewedTime(still(0), 0);
      let [now, last] = [0, 0];
      for (let count = 0; count < 50; count += 1) {
        const passed = random() * 1_000;
        now += passed;
        const read = slewed.at(now);
        expect(read - last).toBeGreaterThanOrEqual(passed * 0.995 - 1e-6);
        last = read;
        // The largest difference so far, less than 128 ms.
        slewed.follow(still((random() - 0.5) * 127), now);
      }
    }
  });
});
