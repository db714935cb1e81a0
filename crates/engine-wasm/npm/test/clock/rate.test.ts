import { describe, expect, it } from "vitest";

import { fitTracks } from "../../src/clock/rate.js";
import { Track } from "../../src/clock/track.js";
import { randomFrom } from "../../src/testing/virtual/random.js";

const MINUTE_MS = 60_000;

/** A network, and how long it is observed. */
interface Watched {
  /** How fast the machine's clock gains on the server's at an instant, in ppm. */
  readonly ppm: (trueMs: number) => number;
  readonly lastsMs: number;
  readonly everyMs?: number;
  /** The shortest delay in each direction. */
  readonly there?: number;
  readonly back?: number;
  /** The mean of the additional, exponential delay in each direction. */
  readonly noise?: number;
  readonly seed?: number;
  readonly server?: string;
}

/** The final fit, and the truth at that time. */
interface Outcome {
  readonly track: Track;
  readonly nowMs: number;
  /** The server's time minus the machine's monotonic clock. */
  readonly offset: number;
}

/** Adds exchanges to a track. Both clocks begin at 0. */
function watch({
  ppm,
  lastsMs,
  everyMs = 5_000,
  there = 10,
  back = 10,
  noise = 2,
  seed = 1,
  server = "one",
}: Watched): Outcome {
  const random = randomFrom(String(seed));
  const delay = (): number => -noise * Math.log(1 - random());
  const track = new Track(server, 0);
  let [trueMs, machineMs] = [0, 0];
  const pass = (ms: number): void => {
    machineMs += ms * (1 + ppm(trueMs) / 1e6);
    trueMs += ms;
  };
  while (trueMs < lastsMs) {
    const askedMs = machineMs;
    pass(there + delay());
    const stamp = trueMs;
    pass(back + delay());
    track.add({ askedMs, receivedMs: stamp, sentMs: stamp, answeredMs: machineMs, server }, true);
    pass(everyMs);
  }
  return { track, nowMs: machineMs, offset: trueMs - machineMs };
}

/** The drift of the offset, in ppm. The offset loses what the machine gains. */
const driftOf = ({ track, nowMs }: Outcome): number => fitTracks([track], nowMs, 0).drift * 1e6;

describe("the drift", () => {
  it.each([-500, -200, -20, 0, 20, 200, 500])("of %i ppm is found within ten minutes", (ppm) => {
    const drift = driftOf(watch({ ppm: () => ppm, lastsMs: 10 * MINUTE_MS }));
    expect(Math.abs(drift + ppm)).toBeLessThan(3);
  });

  it("is found to 1 ppm over quiet networks, and to a few over noisy ones", () => {
    const offBy = (noise: number): number =>
      Math.abs(driftOf(watch({ ppm: () => 80, lastsMs: 10 * MINUTE_MS, noise })) + 80);
    expect(offBy(0)).toBeLessThan(1);
    expect(offBy(20)).toBeLessThan(40);
  });

  it("is found although the two directions differ", () => {
    const drift = driftOf(watch({ ppm: () => 80, lastsMs: 10 * MINUTE_MS, there: 5, back: 150 }));
    expect(Math.abs(drift + 80)).toBeLessThan(3);
  });

  it("is assumed to be small while there is little evidence", () => {
    const short = watch({ ppm: () => 400, lastsMs: 300, everyMs: 0 });
    expect(Math.abs(driftOf(short))).toBeLessThan(30);
    expect(fitTracks([], 1_000, 0).drift).toBeCloseTo(0, 9);
    expect(fitTracks([new Track("one", 0)], 1_000, 0).drift).toBeCloseTo(0, 9);
  });

  it("follows a change within some minutes", () => {
    const changes = (trueMs: number): number => (trueMs < 10 * MINUTE_MS ? 100 : -100);
    const drift = driftOf(watch({ ppm: changes, lastsMs: 14 * MINUTE_MS, noise: 1 }));
    expect(Math.abs(drift - 100)).toBeLessThan(15);
  });

  it("keeps its evidence while it wanders slowly", () => {
    const wanders = (trueMs: number): number => 50 + 0.5 * Math.sin(trueMs / MINUTE_MS);
    const outcome = watch({ ppm: wanders, lastsMs: 10 * MINUTE_MS });
    const before = outcome.track.samples.length;
    expect(Math.abs(driftOf(outcome) + 50)).toBeLessThan(3);
    expect(outcome.track.samples).toHaveLength(before);
  });

  it("is fitted over several servers with few exchanges each", () => {
    const one = watch({ ppm: () => 150, lastsMs: 5 * MINUTE_MS, everyMs: 30_000 });
    const other = watch({
      ppm: () => 150,
      lastsMs: 5 * MINUTE_MS,
      everyMs: 30_000,
      seed: 2,
      server: "other",
    });
    const { drift } = fitTracks([one.track, other.track], one.nowMs, 0);
    expect(Math.abs(drift * 1e6 + 150)).toBeLessThan(20);
  });
});

describe("the offset", () => {
  it("is the middle between the shortest delays", () => {
    for (const noise of [0, 2, 20]) {
      const outcome = watch({ ppm: () => 100, lastsMs: 5 * MINUTE_MS, noise });
      const offset = fitTracks([outcome.track], outcome.nowMs, 0).offsetOf(outcome.track);
      expect(Math.abs(offset - outcome.offset)).toBeLessThan(0.5 + noise);
    }
  });

  it("is off by half of the asymmetry, which no client can detect", () => {
    const outcome = watch({ ppm: () => 0, lastsMs: MINUTE_MS, there: 50, back: 10, noise: 0 });
    const offset = fitTracks([outcome.track], outcome.nowMs, 0).offsetOf(outcome.track);
    expect(offset - outcome.offset).toBeCloseTo(20, 0);
  });

  it("belongs to an instant: the drift carries it forward", () => {
    const outcome = watch({ ppm: () => 100, lastsMs: 10 * MINUTE_MS });
    const later = outcome.nowMs + 5 * MINUTE_MS;
    const offset = fitTracks([outcome.track], later, 0).offsetOf(outcome.track);
    expect(Math.abs(offset - (outcome.offset - 5 * MINUTE_MS * 100e-6))).toBeLessThan(2);
  });

  it("without evidence is the middle of the bounds", () => {
    const track = new Track("one", 0);
    track.add({ askedMs: 0, receivedMs: 1_010, sentMs: 1_010, answeredMs: 40, server: "one" }, false);
    expect(fitTracks([track], 40, 0).offsetOf(track)).toBeCloseTo((1_010 + 970) / 2, 2);
  });
});
