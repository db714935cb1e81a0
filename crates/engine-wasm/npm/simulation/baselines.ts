/**
 * What pages do that do not have this clock, given the same exchanges. Both read `Date.now()`, around the call and
 * for the time in between.
 */
import type { PlainExchange } from "./asking.js";

/** How many exchanges the npm package timesync takes at a time. */
const SAMPLES = 5;

/** The simplest thing: the first exchange decides for good. */
export class Single {
  #offset: number | undefined;

  answered(exchange: PlainExchange): void {
    this.#offset ??= offsetOf(exchange);
  }

  /** The server's time, when the wall clock says this. */
  now(wallMs: number): number | undefined {
    return this.#offset === undefined ? undefined : wallMs + this.#offset;
  }
}

/**
 * The rule of the npm package timesync 1.0.11: of five samples those whose round trip is below the median plus one standard
 * deviation, and of their offsets the mean. The very first sample counts at once. It would take five samples an hour, a
 * second apart; here it is allowed the latest five of ours each time our clock has asked.
 */
export class Timesync {
  #latest: PlainExchange[] = [];
  #offset: number | undefined;

  answered(exchange: PlainExchange): void {
    this.#latest = [...this.#latest, exchange].slice(-SAMPLES);
    this.#offset ??= offsetOf(exchange);
  }

  /** Takes the latest samples. */
  settle(): void {
    const trips = this.#latest.map(tripOf);
    const limit = median(trips) + deviation(trips);
    const offsets = this.#latest.filter((exchange) => tripOf(exchange) < limit).map(offsetOf);
    // With equal round trips none is below the limit, and the package keeps what it had.
    if (offsets.length > 0) {
      this.#offset = mean(offsets);
    }
  }

  /** The server's time, when the wall clock says this. */
  now(wallMs: number): number | undefined {
    return this.#offset === undefined ? undefined : wallMs + this.#offset;
  }
}

function offsetOf({ askedWallMs, answeredWallMs, serverMs }: PlainExchange): number {
  return serverMs - (askedWallMs + answeredWallMs) / 2;
}

function tripOf({ askedWallMs, answeredWallMs }: PlainExchange): number {
  return answeredWallMs - askedWallMs;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[half] ?? Number.NaN)
    : mean([sorted[half - 1] ?? Number.NaN, sorted[half] ?? Number.NaN]);
}

/** Of a sample; 0 for a single number. */
function deviation(numbers: readonly number[]): number {
  if (numbers.length < 2) {
    return 0;
  }
  const middle = mean(numbers);
  const squares = numbers.reduce((sum, number) => sum + (number - middle) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1));
}
