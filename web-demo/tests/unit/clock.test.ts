import { describe, expect, test } from "vitest";

import { correction, deviceTime, hasSlept, seenBy, serverTime } from "../../src/clock.js";

const ORIGIN_MS = 1_795_435_200_000.123;
const THREE_HOURS_US = 3 * 60 * 60 * 1_000_000;
/** The device is half a second behind. The request takes 300 µs, the server 40 µs, the response 500 µs. */
const EXCHANGE = {
  askedUs: 1_795_435_200_000_000,
  receivedUs: 1_795_435_200_500_300,
  sentUs: 1_795_435_200_500_340,
  answeredUs: 1_795_435_200_000_840,
};

describe("a correction", () => {
  test("is off by at most its bound", () => {
    const { offsetUs, boundUs } = correction(EXCHANGE);
    expect(offsetUs).toBe(499_900);
    expect(boundUs).toBe(400);
    expect(Math.abs(offsetUs - 500_000)).toBeLessThanOrEqual(boundUs);
  });

  test("never has a negative bound, even if the server's clock is set during the exchange", () => {
    expect(correction({ ...EXCHANGE, sentUs: EXCHANGE.sentUs + 5_000_000 }).boundUs).toBe(0);
  });

  test("brings a device that is three hours off to the same millisecond", () => {
    const right = correction(EXCHANGE);
    const wrong = correction(seenBy(THREE_HOURS_US, EXCHANGE));
    expect(wrong.boundUs).toBe(right.boundUs);
    for (let monotonicMs = 0; monotonicMs < 2_000; monotonicMs += 0.37) {
      const atRight = serverTime(deviceTime(ORIGIN_MS, monotonicMs, 0), right);
      const atWrong = serverTime(deviceTime(ORIGIN_MS, monotonicMs, THREE_HOURS_US), wrong);
      expect(atWrong).toBe(atRight);
    }
  });
});

test("the server's time is cut off to whole milliseconds, never rounded up into the next tick", () => {
  expect(serverTime(1_999_999, { offsetUs: 0, boundUs: 0 })).toBe(1_999);
  expect(serverTime(1_999_999, { offsetUs: 1, boundUs: 0 })).toBe(2_000);
});

test("a machine has slept if its two clocks have diverged", () => {
  const before = { monotonicMs: 5_000, wallMs: 1_000_000 };
  expect(hasSlept(before, { monotonicMs: 65_000, wallMs: 1_060_400 })).toBe(false);
  expect(hasSlept(before, { monotonicMs: 6_000, wallMs: 1_060_000 })).toBe(true);
  expect(hasSlept(before, { monotonicMs: 65_000, wallMs: 900_000 })).toBe(true);
});
