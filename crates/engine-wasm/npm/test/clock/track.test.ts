import { describe, expect, it } from "vitest";

import type { Exchange } from "../../src/clock/inputs.js";
import { MAX_DRIFT, Track } from "../../src/clock/track.js";

/** The server is 1000 ahead of the monotonic clock. The request takes 10 and the response 30, for example. */
function exchange(askedMs: number, thereMs: number, backMs: number, offset = 1_000): Exchange {
  const receivedMs = askedMs + thereMs + offset;
  return { askedMs, receivedMs, sentMs: receivedMs, answeredMs: askedMs + thereMs + backMs, server: "one" };
}

function track(...exchanges: Exchange[]): Track {
  const made = new Track("one", 0);
  for (const one of exchanges) {
    made.add(one, true);
  }
  return made;
}

/** Stamps are truncated to whole microseconds. */
const STAMP_MS = 0.001;

describe("a track", () => {
  it("bounds the offset by an exchange, which is off by no more than the request or the response took", () => {
    const { low, high } = track(exchange(0, 10, 30)).bounds(40, 0);
    expect(low).toBeCloseTo(1_000 - 30 - 40 * MAX_DRIFT, 9);
    expect(high).toBeCloseTo(1_000 + 10 + STAMP_MS + 40 * MAX_DRIFT, 9);
  });

  it("allows the server time between receiving the request and sending the response", () => {
    const taken = { askedMs: 0, receivedMs: 1_010, sentMs: 1_510, answeredMs: 540, server: "one" };
    const { low, high } = track(taken).bounds(540, 0);
    expect(low).toBeCloseTo(970 - 540 * MAX_DRIFT, 9);
    expect(high).toBeCloseTo(1_010 + STAMP_MS + 540 * MAX_DRIFT, 9);
  });

  it("takes the narrowest bound of several exchanges on each side", () => {
    const { low, high } = track(exchange(0, 1, 90), exchange(1_000, 80, 2)).bounds(1_082, 0);
    expect(low).toBeCloseTo(998 - 82 * MAX_DRIFT, 9);
    expect(high).toBeCloseTo(1_001 + STAMP_MS + 1_082 * MAX_DRIFT, 9);
  });

  it("widens both sides by the maximum drift: 30 ms in a minute", () => {
    const before = track(exchange(0, 10, 10)).bounds(20, 0);
    const later = track(exchange(0, 10, 10)).bounds(60_020, 0);
    expect(later.high - before.high).toBeCloseTo(60_000 * MAX_DRIFT, 9);
    expect(before.low - later.low).toBeCloseTo(60_000 * MAX_DRIFT, 9);
    expect(60_000 * MAX_DRIFT).toBeCloseTo(30.06, 2);
  });

  it("uses a new exchange once the old bounds have grown wide", () => {
    const old = exchange(0, 10, 10);
    const wide = exchange(600_000, 100, 100);
    expect(track(old, wide).bounds(600_200, 0)).toEqual(track(wide).bounds(600_200, 0));
  });

  it("widens both sides by the error of a reading", () => {
    const exact = track(exchange(0, 10, 10)).bounds(20, 0);
    const coarse = track(exchange(0, 10, 10)).bounds(20, 5);
    expect(coarse.high - exact.high).toBeCloseTo(5 + 10 * MAX_DRIFT, 9);
    expect(exact.low - coarse.low).toBeCloseTo(5 + 10 * MAX_DRIFT, 9);
  });

  it("has crossing sides if the server's clock was set in between", () => {
    const set = track(exchange(0, 10, 10), exchange(1_000, 10, 10, 1_050)).bounds(1_020, 0);
    expect(set.low).toBeGreaterThan(set.high);
    const drifted = track(exchange(0, 10, 10), exchange(1_000, 10, 10, 1_000.4)).bounds(1_020, 0);
    expect(drifted.low).toBeLessThan(drifted.high);
  });

  it("stores small numbers: offsets are relative to an origin", () => {
    const far = new Track("one", 1_795_435_200_000);
    far.add(exchange(0, 10, 30, 1_795_435_200_000 + 1_000), true);
    expect(far.bounds(40, 0).high).toBeCloseTo(track(exchange(0, 10, 30)).bounds(40, 0).high, 3);
  });

  it("stores exchanges as evidence, and drops those from before an instant", () => {
    const made = new Track("one", 0);
    made.add(exchange(0, 10, 10), false);
    made.add(exchange(1_000, 10, 30), true);
    made.add(exchange(2_000, 10, 10), true);
    const high = expect.closeTo(1_010 + STAMP_MS, 9);
    expect(made.samples).toEqual([
      { atMs: 1_020, low: 970, high },
      { atMs: 2_010, low: 990, high },
    ]);
    made.forgetBefore(1_500);
    expect(made.samples.map(({ atMs }) => atMs)).toEqual([2_010]);
    expect(made.heardMs).toBe(2_020);
  });

  it("contains the truth for any drift up to the maximum, whatever the delays", () => {
    for (const ppm of [-500, -100, 0, 100, 500]) {
      const made = new Track("one", 0);
      // The server counts true time; the machine's clock gains `ppm`.
      const machine = (trueMs: number): number => trueMs * (1 + ppm / 1e6);
      for (let trueMs = 0; trueMs < 600_000; trueMs += 7_919) {
        const [there, back] = [1 + (trueMs % 83), 1 + (trueMs % 41)];
        const stamp = Math.floor((trueMs + there) * 1_000) / 1_000;
        const [askedMs, answeredMs] = [machine(trueMs), machine(trueMs + there + back)];
        made.add({ askedMs, receivedMs: stamp, sentMs: stamp, answeredMs, server: "one" }, true);
        const later = trueMs + 5_000;
        const { low, high } = made.bounds(machine(later), 0);
        expect(later - machine(later)).toBeGreaterThanOrEqual(low);
        expect(later - machine(later)).toBeLessThanOrEqual(high);
      }
    }
  });
});
