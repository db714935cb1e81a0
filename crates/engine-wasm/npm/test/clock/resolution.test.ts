import { describe, expect, it } from "vitest";

import { Resolution } from "../../src/clock/resolution.js";
import { randomFrom } from "../../src/testing/virtual/random.js";

/** The known resolutions of browsers and their extensions, in milliseconds. */
const RESOLUTIONS = [
  1_000,
  500,
  250,
  200,
  100,
  50,
  20,
  1_000 / 60,
  10,
  5,
  2,
  1,
  0.5,
  0.2,
  0.1,
  0.05,
  0.02,
  0.01,
  0.005,
];
const MONTH_MS = 30 * 86_400_000;

/** Returns the resolution found after some readings. */
function found(readings: readonly number[]): number {
  const resolution = new Resolution();
  for (const reading of readings) {
    resolution.note(reading);
  }
  return resolution.ms;
}

describe("the resolution of a clock", () => {
  it("is the coarsest before any reading", () => {
    expect(found([])).toBe(1_000);
    expect(found([0, 100, 300, 12_400])).toBe(100);
  });

  it.each(RESOLUTIONS)("of %f ms is found, and never mistaken for a finer one", (resolutionMs) => {
    const random = randomFrom("1");
    for (const age of [0, 60_000, MONTH_MS]) {
      const resolution = new Resolution();
      for (let count = 0; count < 200; count += 1) {
        resolution.note(Math.round((age + random() * 60_000) / resolutionMs) * resolutionMs);
        expect(resolution.ms).toBeGreaterThanOrEqual(resolutionMs);
      }
      expect(resolution.ms).toBe(resolutionMs);
    }
  });

  it.each(RESOLUTIONS)("of %f ms is found even if readings are sums and differences", (resolutionMs) => {
    const random = randomFrom("2");
    const readings = Array.from({ length: 200 }, () => {
      const count = Math.floor(random() * 1e6);
      return 1_795_435_200_000 / 1_024 + count * resolutionMs - 1_795_435_200_000 / 1_024;
    });
    expect(found(readings)).toBe(resolutionMs);
  });

  it("of a browser that advances at random moments is found", () => {
    const random = randomFrom("3");
    const readings = Array.from({ length: 200 }, () => {
      const exact = random() * 60_000;
      const floor = Math.floor(exact / 0.1) * 0.1;
      return exact - floor > random() * 0.1 ? floor + 0.1 : floor;
    });
    expect(found(readings)).toBe(0.1);
  });

  it("bounds the error of a reading, from the first reading on", () => {
    const random = randomFrom("4");
    for (const resolutionMs of RESOLUTIONS) {
      const resolution = new Resolution();
      for (let count = 0; count < 50; count += 1) {
        const exact = random() * 1e6;
        const reading = Math.floor(exact / resolutionMs) * resolutionMs;
        resolution.note(reading);
        expect(exact - reading).toBeLessThanOrEqual(resolution.ms + 1e-9);
      }
    }
  });

  it("is a microsecond for clocks finer than all known ones", () => {
    expect(found([4_321.098_7])).toBe(0.001);
    expect(found([0.123_457])).toBe(0.001);
  });

  it("never becomes coarser again", () => {
    expect(found([0.1, 100, 200, 300])).toBe(0.1);
  });

  it("is found in readings as Chromium formats them, with noise in the last digits", () => {
    expect(found([1_203.200_000_029_802, 1_234.600_000_023_842, 98.099_999_999_627_47])).toBe(0.1);
  });
});
