/**
 * How coarse a clock is, in milliseconds. Browsers round their clocks, some to 100 ms, and do not say so.
 *
 * Every grain that clocks are known to have is tried, the coarsest first: as long as all readings are multiples of it, it may be
 * the true one. So what this says is never finer than the clock is, only coarser for the first readings. A grain that is not in
 * the table would be taken for a finer one: who knows of one adds it.
 */

/** In milliseconds, the coarsest first. A frame of a screen is 1000 / 60, and 16.667 is what Firefox makes of it. */
const KNOWN = [100, 50, 20, 1_000 / 60, 16.667, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005];
/** What is no multiple of any of them comes from a clock of microseconds or finer. */
const FINEST = 0.001;
/** How far from a multiple a reading may lie, in grains: sums of fractions are not exact. */
const TOLERANCE = 0.001;

/** Finds a clock's grain from its readings. */
export class Grain {
  #index = 0;

  /** The grain, in milliseconds: a reading is less than this away from the truth. */
  get ms(): number {
    return KNOWN[this.#index] ?? FINEST;
  }

  /** Takes in a reading. */
  note(readingMs: number): void {
    while (this.#index < KNOWN.length && !isMultiple(readingMs, this.ms)) {
      this.#index += 1;
    }
  }
}

function isMultiple(readingMs: number, grainMs: number): boolean {
  const grains = readingMs / grainMs;
  return Math.abs(grains - Math.round(grains)) < TOLERANCE;
}
