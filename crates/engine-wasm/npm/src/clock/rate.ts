/**
 * How fast the offset changes, the drift of the machine's clock against the servers', and where it is now.
 *
 * Delays only ever add, so after the right drift is taken out, all upper bounds of the offset lie above one line and all lower
 * bounds below another, and the gap between the lines is the shortest way there and back. A wrong drift makes the gap
 * narrower. If delays above the shortest are exponential with mean `noise`, the likelihood of a drift is
 * `exp(n * gap / noise)`; times what is believed of clocks before, that says how probable each drift is. (Where the
 * likelihood alone is highest is the linear programme of Moon, Skelly and Towsley, INFOCOM 1999, for both ways at once.) The
 * offset is the middle between the lines, on average over all drifts as they are probable.
 */
import { clamp, type Interval, middle } from "./interval.js";
import { MAX_DRIFT, type Sample, type Track } from "./track.js";

/** What is believed of a clock before it is known: half of all drift by less than 78 ppm. The standard deviation to that. */
const USUAL_DRIFT = 0.000116;
/** By how much a drift may change from one moment to another without being noticed, as a machine warms up. */
const WANDER = 0.000001;
/** No network is more even than this, in milliseconds. */
const LEAST_NOISE_MS = 0.02;
/** The median of the sum of two exponential delays, in their mean. */
const MEDIAN_OF_SUM = 1.68;
/** Real delays come in heaps, so that they tell less than as many independent ones. */
const HEAPED = 3;
/** How often the search halves what is left, about: to a thousandth of a ppm. */
const SEARCH_STEPS = 30;
/** A round trip of so many means of the noise above the shortest is of another kind. */
const UNUSUAL = 3;
/** So many means of the noise the gap may be narrower than the shortest round trip before the drift must have changed. */
const NARROWER_BY = 1.5;
/** With less evidence than this none is given up. */
const LEAST_SAMPLES = 6;
/** So many drifts are weighed, as far away as one is this much less probable than the best, in natural logarithms. */
const BELIEFS = 25;
const IMPROBABLE = 8;
/** The search for that begins here. */
const NARROWEST = 0.000_000_1;

/** What exchanges tell. */
export interface Fit {
  /** What the offset gains each millisecond. */
  readonly drift: number;
  /** The offset of a track, at the instant of the fit. Without evidence it is the middle of its bounds. */
  offsetOf(track: Track): number;
}

/** A drift, and how probable it is. */
interface Belief {
  readonly drift: number;
  readonly weight: number;
}

/**
 * Fits the drift that all tracks have in common, and their offsets. Evidence that does not fit, because the drift has changed
 * since, is forgotten.
 */
export function fitTracks(tracks: readonly Track[], nowMs: number, grainMs: number): Fit {
  for (;;) {
    const groups = tracks.map(({ samples }) => samples).filter(({ length }) => length > 0);
    const noise = noiseOf(groups, grainMs);
    const counts = groups.map((samples) => telling(samples, noise));
    const beliefs = weigh((drift) => merit(groups, counts, drift, nowMs) / noise - prior(drift));
    const mean = (value: (drift: number) => number): number =>
      beliefs.reduce((sum, { drift, weight }) => sum + weight * value(drift), 0);
    const drift = mean((one) => one);
    const oldest = Math.min(...groups.map((samples) => samples[0]?.atMs ?? nowMs));
    if (oldest >= nowMs || !hasChanged(groups, drift, nowMs, noise)) {
      const offsetOf = (track: Track): number =>
        track.samples.length === 0
          ? middle(track.bounds(nowMs, grainMs))
          : mean((one) => guess(track.samples, one, nowMs));
      return { drift, offsetOf };
    }
    for (const track of tracks) {
      track.forgetBefore((oldest + nowMs) / 2);
    }
  }
}

/** Between which lines the offset lies at an instant, if it drifts by `drift`. */
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
 * The middle of the corridor. Even the least delay is some delay, the less the more there were: what is known of it is taken
 * off, on each side by itself, so that a way whose delays vary more does not draw the middle to its side.
 */
function guess(samples: readonly Sample[], drift: number, nowMs: number): number {
  const { low, high } = corridor(samples, drift, nowMs);
  const above = samples.map((sample) => sample.high + (drift + WANDER) * (nowMs - sample.atMs) - high);
  const below = samples.map((sample) => low - sample.low - (drift - WANDER) * (nowMs - sample.atMs));
  return middle({ low: low + leastDelay(below), high: high - leastDelay(above) });
}

/** What the least of some delays can be expected to be, from how far the others lie above it. */
function leastDelay(excess: readonly number[]): number {
  const count = excess.length;
  // Of exponential delays, the least is the mean over their number, and half lie above ln 2 times the mean.
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

/** The mean delay of one way above the shortest, in milliseconds. By the median, which spikes do not move. */
function noiseOf(groups: readonly (readonly Sample[])[], grainMs: number): number {
  const excess = groups.map((samples) => {
    const trips = roundTrips(samples);
    return (HEAPED * ((trips[trips.length >> 1] ?? 0) - (trips[0] ?? 0))) / MEDIAN_OF_SUM;
  });
  return Math.max(LEAST_NOISE_MS, grainMs / 2, ...excess);
}

/** The gaps that a drift leaves, each as often as there are samples that tell. Over the noise it is the logarithm of how likely. */
function merit(
  groups: readonly (readonly Sample[])[],
  counts: readonly number[],
  drift: number,
  nowMs: number,
): number {
  return groups.reduce((sum, samples, index) => sum + (counts[index] ?? 0) * gap(samples, drift, nowMs), 0);
}

/** The logarithm of how probable a drift is before anything is known, but for a constant and the sign. */
function prior(drift: number): number {
  return (drift / USUAL_DRIFT) ** 2 / 2;
}

/** How many samples are of the usual kind. Others had to wait for a connection, say: they bound the offset, and tell no more. */
function telling(samples: readonly Sample[], noise: number): number {
  const trips = roundTrips(samples);
  const usual = (trips[0] ?? 0) + UNUSUAL * noise;
  return trips.filter((trip) => trip <= usual).length;
}

/** Drifts around the most probable one, evenly spaced, and how probable each is. */
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
  // The best of these, not the best found: where merit is steep, one of them may be better by far.
  const highest = Math.max(...merits);
  const weights = merits.map((one) => Math.exp(one - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return drifts.map((drift, index) => ({ drift, weight: (weights[index] ?? 0) / sum }));
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
