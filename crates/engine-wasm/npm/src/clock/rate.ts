/**
 * Fits the offset and its drift, which is the rate of the machine's clock against the servers' clocks.
 *
 * Delays only ever add. Once the right drift is removed, all upper bounds of the offset lie above one line and all lower bounds
 * below another, and the gap between the lines is the shortest round trip. A wrong drift narrows the gap. If delays above the
 * shortest are exponential with mean `noise`, the likelihood of a drift is `exp(n * gap / noise)`. Multiplied by a prior over
 * the drifts of clocks, this gives the probability of each drift. (The maximum of the likelihood alone is the linear programme
 * of Moon, Skelly and Towsley, INFOCOM 1999, for both directions at once.) The offset is the middle between the lines, averaged
 * over all drifts by their probability.
 */
import { clamp, type Interval, middle } from "./interval.js";
import { MAX_DRIFT, type Sample, type Track } from "./track.js";

/** The standard deviation of the prior: half of all clocks drift by less than 78 ppm. */
const USUAL_DRIFT = 0.000116;
/** How much a drift may change unnoticed as a machine warms up. */
const WANDER = 0.000001;
/** No network has less noise than this, in milliseconds. */
const LEAST_NOISE_MS = 0.02;
/** The median of the sum of two exponential delays, in units of their mean. */
const MEDIAN_OF_SUM = 1.68;
/** Real delays come in bursts, so they carry less information than as many independent ones. */
const BURSTINESS = 3;
/** How many times the search shrinks its interval: enough for a thousandth of a ppm. */
const SEARCH_STEPS = 30;
/** A round trip longer than the shortest by this many times the noise is of another kind. */
const UNUSUAL = 3;
/** If the gap is narrower than the shortest round trip by this many times the noise, the drift has changed. */
const NARROWER_BY = 1.5;
/** With fewer samples than this, none is dropped. */
const LEAST_SAMPLES = 6;
/** The number of drifts that are weighed. */
const BELIEFS = 25;
/** They reach out to where a drift is this much less probable than the best, as a natural logarithm. */
const IMPROBABLE = 8;
/** The search for that limit begins this close to the best drift. */
const NARROWEST = 0.000_000_1;

/** The result of a fit. */
export interface Fit {
  /** How much the offset grows per millisecond. */
  readonly drift: number;
  /** Returns the offset of a track at the instant of the fit. Without evidence it is the middle of the bounds. */
  offsetOf(track: Track): number;
}

/** A drift and its probability. */
interface Belief {
  readonly drift: number;
  readonly weight: number;
}

/** Fits the drift that all tracks share, and their offsets. Drops evidence from before a change of the drift. */
export function fitTracks(tracks: readonly Track[], nowMs: number, resolutionMs: number): Fit {
  for (;;) {
    const groups = tracks.map(({ samples }) => samples).filter(({ length }) => length > 0);
    const noise = noiseOf(groups, resolutionMs);
    const counts = groups.map((samples) => usualCount(samples, noise));
    const beliefs = weigh((drift) => merit(groups, counts, drift, nowMs) / noise - prior(drift));
    const mean = (value: (drift: number) => number): number =>
      beliefs.reduce((sum, { drift, weight }) => sum + weight * value(drift), 0);
    const drift = mean((one) => one);
    const oldest = Math.min(...groups.map((samples) => samples[0]?.atMs ?? nowMs));
    if (oldest >= nowMs || !hasChanged(groups, drift, nowMs, noise)) {
      const offsetOf = (track: Track): number =>
        track.samples.length === 0
          ? middle(track.bounds(nowMs, resolutionMs))
          : mean((one) => offsetAt(track.samples, one, nowMs));
      return { drift, offsetOf };
    }
    for (const track of tracks) {
      track.forgetBefore((oldest + nowMs) / 2);
    }
  }
}

/** Returns the lines between which the offset lies at an instant, for a given drift. */
function corridor(samples: readonly Sample[], drift: number, nowMs: number): Interval {
  let high = Number.POSITIVE_INFINITY;
  let low = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    const age = nowMs - sample.atMs;
    high = Math.min(high, sample.high + (drift + WANDER) * age);
    low = Math.max(low, sample.low + (drift - WANDER) * age);
  }
  return { low, high };
}

/**
 * Returns the middle of the corridor. Even the shortest delay of a sample is not zero, though it shrinks with the number of samples.
 * Its expected value is subtracted on each side separately, so that the direction with the larger jitter does not pull the
 * middle to its side.
 */
function offsetAt(samples: readonly Sample[], drift: number, nowMs: number): number {
  const { low, high } = corridor(samples, drift, nowMs);
  const above = samples.map((sample) => sample.high + (drift + WANDER) * (nowMs - sample.atMs) - high);
  const below = samples.map((sample) => low - sample.low - (drift - WANDER) * (nowMs - sample.atMs));
  return middle({ low: low + leastDelay(below), high: high - leastDelay(above) });
}

/** Returns the expected value of the shortest delay, from how far the others lie above it. */
function leastDelay(excess: readonly number[]): number {
  const count = excess.length;
  // The minimum of n exponential delays is expected to be their mean / n. Their median is ln 2 times the mean.
  return count < 3 ? 0 : (median(excess) ?? 0) / Math.LN2 / (count - 1);
}

function median(numbers: readonly number[]): number | undefined {
  return [...numbers].sort((one, other) => one - other)[numbers.length >> 1];
}

function gap(samples: readonly Sample[], drift: number, nowMs: number): number {
  const { low, high } = corridor(samples, drift, nowMs);
  return high - low;
}

function roundTrips(samples: readonly Sample[]): number[] {
  return samples.map(({ high, low }) => high - low).sort((one, other) => one - other);
}

/** Returns the mean delay of one direction above the shortest, in milliseconds. Uses the median, which spikes do not affect. */
function noiseOf(groups: readonly (readonly Sample[])[], resolutionMs: number): number {
  const excess = groups.map((samples) => {
    const trips = roundTrips(samples);
    return (BURSTINESS * ((trips[trips.length >> 1] ?? 0) - (trips[0] ?? 0))) / MEDIAN_OF_SUM;
  });
  return Math.max(LEAST_NOISE_MS, resolutionMs / 2, ...excess);
}

/** Returns the sum of the gaps for a drift, weighted by sample counts. Divided by the noise, it is the log-likelihood. */
function merit(
  groups: readonly (readonly Sample[])[],
  counts: readonly number[],
  drift: number,
  nowMs: number,
): number {
  return groups.reduce((sum, samples, index) => sum + (counts[index] ?? 0) * gap(samples, drift, nowMs), 0);
}

/** Returns the negative logarithm of the prior probability of a drift, up to a constant. */
function prior(drift: number): number {
  return (drift / USUAL_DRIFT) ** 2 / 2;
}

/** Counts the usual samples. Others, such as those that waited for a connection, only bound the offset. */
function usualCount(samples: readonly Sample[], noise: number): number {
  const trips = roundTrips(samples);
  const usual = (trips[0] ?? 0) + UNUSUAL * noise;
  return trips.filter((trip) => trip <= usual).length;
}

/** Returns evenly spaced drifts around the most probable one, with their probabilities. */
function weigh(meritOf: (drift: number) => number): Belief[] {
  const best = peak(meritOf, -MAX_DRIFT, MAX_DRIFT);
  const top = meritOf(best);
  const reach = (way: 1 | -1): number => {
    let width = NARROWEST;
    while (width < MAX_DRIFT && top - meritOf(best + way * width) < IMPROBABLE) {
      width *= 1.6;
    }
    return clamp(best + way * width, { low: -MAX_DRIFT, high: MAX_DRIFT });
  };
  const [from, to] = [reach(-1), reach(1)];
  const drifts = Array.from({ length: BELIEFS }, (_, index) => from + ((to - from) * index) / (BELIEFS - 1));
  const merits = drifts.map(meritOf);
  // Relative to the best of these drifts rather than to `top`: where merit is steep, one of them may be far better.
  const highest = Math.max(...merits);
  const weights = merits.map((one) => Math.exp(one - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return drifts.map((drift, index) => ({ drift, weight: (weights[index] ?? 0) / sum }));
}

/** Finds the maximum of a concave function by golden-section search. */
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
