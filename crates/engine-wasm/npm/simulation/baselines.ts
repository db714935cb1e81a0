/**
 * What pages do without this clock, with the same exchanges. Both baselines read `Date.now()`, around the call and for the time
 * in between.
 */
import type { PlainExchange } from "./exchanges.js";

/** The number of exchanges that the npm package timesync uses at a time. */
const SAMPLES = 5;

/** The simplest approach: the first exchange decides for good. */
export class Single {
  #offset: number | undefined;

  answered(exchange: PlainExchange): void {
    this.#offset ??= offsetOf(exchange);
  }

  /** Returns the server's time at a reading of the wall clock. */
  now(wallMs: number): number | undefined {
    return this.#offset === undefined ? undefined : wallMs + this.#offset;
  }
}

/**
 * The rule of the npm package timesync 1.0.11: of five samples it takes those whose round trip is below the median plus one
 * standard deviation, and averages their offsets. The very first sample counts at once. The package takes five samples per hour, a
 * second apart; here it gets our latest five after each sync.
 */
export class Timesync {
  #latest: PlainExchange[] = [];
  #offset: number | undefined;

  answered(exchange: PlainExchange): void {
    this.#latest = [...this.#latest, exchange].slice(-SAMPLES);
    this.#offset ??= offsetOf(exchange);
  }

  /** Applies the rule to the latest samples. */
  settle(): void {
    const trips = this.#latest.map(tripOf);
    const limit = median(trips) + deviation(trips);
    const offsets = this.#latest.filter((exchange) => tripOf(exchange) < limit).map(offsetOf);
    // With equal round trips none is below the limit, and the package keeps its offset.
    if (offsets.length > 0) {
      this.#offset = mean(offsets);
    }
  }

  /** Returns the server's time at a reading of the wall clock. */
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

/** The standard deviation of a sample; 0 for a single number. */
function deviation(numbers: readonly number[]): number {
  if (numbers.length < 2) {
    return 0;
  }
  const middle = mean(numbers);
  const squares = numbers.reduce((sum, number) => sum + (number - middle) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1));
}
