/**
 * How fast the offset changes: the drift of the machine's clock against the servers'.
 *
 * Delays only ever add, so after the right drift is taken out, all upper bounds of the offset lie above one line and all lower
 * bounds below another, and the gap between the lines is the shortest way there and back. A wrong drift makes the gap
 * narrower. If delays above the shortest are exponential with mean `noise`, the likelihood of a drift is `exp(n * gap / noise)`,
 * so the best drift is where the gap is widest, held near 0 as far as what is known of clocks in general is more
 * than the exchanges tell. (The one-way form of this is the linear programme of Moon, Skelly and Towsley, INFOCOM 1999.)
 */
import type { Interval } from "./interval.js";
import { middle } from "./interval.js";
import { MAX_DRIFT, type Sample, type Track } from "./track.js";

/** What is believed of a clock before it is known: half of all drift by less than 78 ppm. The standard deviation to that. */
const USUAL_DRIFT = 0.000116;
/** By how much a drift may change from one moment to another without being noticed, as a machine warms up. */
const WANDER = 0.000001;
/** No network is more even than this, in milliseconds. */
const LEAST_NOISE_MS = 0.02;
/** The median of the sum of two exponential delays, in their mean. */
const MEDIAN_OF_SUM = 1.68;
/** How often the search halves what is left, about: to a thousandth of a ppm. */
const SEARCH_STEPS = 30;
/** So many means of the noise the gap may be narrower than the shortest round trip before the drift must have changed. */
const NARROWER_BY = 3;
/** With less evidence than this none is given up. */
const LEAST_SAMPLES = 6;

/** A drift, and how far it may be off. */
export interface Rate {
  /** What the offset gains each millisecond. */
  readonly drift: number;
  /** The believed error of the drift. */
  readonly error: number;
}

/**
 * Finds the drift that all tracks have in common. Evidence that no longer fits, because the drift has changed, is
 * forgotten.
 */
export function fitRate(tracks: readonly Track[], nowMs: number, grainMs: number): Rate {
  for (;;) {
    const groups = tracks.map(({ samples }) => samples).filter(({ length }) => length > 0);
    const noise = noiseOf(groups, grainMs);
    const rate = search(groups, nowMs, noise);
    const oldest = Math.min(...groups.map((samples) => samples[0]?.atMs ?? nowMs));
    if (oldest >= nowMs || !hasChanged(groups, rate.drift, nowMs, noise)) {
      return rate;
    }
    for (const track of tracks) {
      track.forgetBefore((oldest + nowMs) / 2);
    }
  }
}

/** The offset of a track at an instant: the middle of its corridor. Without evidence the middle of its bounds. */
export function offsetOf(track: Track, rate: Rate, nowMs: number, grainMs: number): number {
  return track.samples.length === 0
    ? middle(track.bounds(nowMs, grainMs))
    : middle(corridor(track.samples, rate.drift, nowMs, Math.max(rate.error, WANDER)));
}

/** Where the offset lies at an instant if it drifts by `drift`, give or take `error`, and nothing was ever delayed. */
function corridor(samples: readonly Sample[], drift: number, nowMs: number, error: number): Interval {
  let high = Number.POSITIVE_INFINITY;
  let low = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    const age = nowMs - sample.atMs;
    high = Math.min(high, sample.high + (drift + error) * age);
    low = Math.max(low, sample.low + (drift - error) * age);
  }
  return { low, high };
}

function gap(samples: readonly Sample[], drift: number, nowMs: number): number {
  const { low, high } = corridor(samples, drift, nowMs, WANDER);
  return high - low;
}

function roundTrips(samples: readonly Sample[]): number[] {
  return samples.map(({ high, low }) => high - low).sort((one, other) => one - other);
}

/** The mean delay of one way above the shortest, in milliseconds. By the median, which spikes do not move. */
function noiseOf(groups: readonly (readonly Sample[])[], grainMs: number): number {
  const excess = groups.map((samples) => {
    const trips = roundTrips(samples);
    return ((trips[trips.length >> 1] ?? 0) - (trips[0] ?? 0)) / MEDIAN_OF_SUM;
  });
  return Math.max(LEAST_NOISE_MS, grainMs / 2, ...excess);
}

function search(groups: readonly (readonly Sample[])[], nowMs: number, noise: number): Rate {
  const merit = (drift: number): number =>
    groups.reduce((sum, samples) => sum + (samples.length * gap(samples, drift, nowMs)) / noise, 0) -
    (drift / USUAL_DRIFT) ** 2 / 2;
  return { drift: peak(merit, -MAX_DRIFT, MAX_DRIFT), error: errorOf(groups, noise) };
}

/** Where a concave function is highest, by golden section. */
function peak(merit: (drift: number) => number, from: number, to: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [leftMerit, rightMerit] = [merit(left), merit(right)];
  for (let count = 0; count < SEARCH_STEPS; count += 1) {
    if (leftMerit > rightMerit) {
      [high, right, rightMerit] = [right, left, leftMerit];
      left = high - golden * (high - low);
      leftMerit = merit(left);
    } else {
      [low, left, leftMerit] = [left, right, rightMerit];
      right = low + golden * (high - low);
      rightMerit = merit(right);
    }
  }
  return (low + high) / 2;
}

/** The noise of all evidence together, over the time that it spans; never more than is known of clocks in general. */
function errorOf(groups: readonly (readonly Sample[])[], noise: number): number {
  const spans = groups.map((samples) => (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0));
  const count = groups.reduce((sum, { length }) => sum + length, 0);
  const span = Math.max(0, ...spans);
  return Math.min(USUAL_DRIFT, noise / Math.sqrt(count) / span);
}

function hasChanged(
  groups: readonly (readonly Sample[])[],
  drift: number,
  nowMs: number,
  noise: number,
): boolean {
  return groups.some(
    (samples) =>
      samples.length >= LEAST_SAMPLES &&
      gap(samples, drift, nowMs) < (roundTrips(samples)[0] ?? 0) - NARROWER_BY * noise,
  );
}
