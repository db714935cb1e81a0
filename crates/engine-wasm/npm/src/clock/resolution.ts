/**
 * The resolution of a clock, in milliseconds. Browsers round their clocks, some to 100 ms, without saying so, and
 * extensions to a second.
 *
 * Every resolution that clocks are known to have is a candidate, the coarsest first. A candidate stands as long as all readings
 * are multiples of it. The result is therefore never finer than the clock, and coarser only for the first readings. A
 * resolution missing from the table would be mistaken for a finer one; add it if you learn of one.
 */

/** What extensions for privacy round to, in milliseconds, the coarsest first. */
const OF_EXTENSIONS = [1_000, 500, 250, 200];
/** What browsers round to as well. A frame of a screen lasts 1000 / 60; Firefox rounds that to 16.667. */
const OF_BROWSERS = [100, 50, 20, 1_000 / 60, 16.667, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005];
const KNOWN = [...OF_EXTENSIONS, ...OF_BROWSERS];
/** A clock whose readings are multiples of none of these counts microseconds or less. */
const FINEST = 0.001;
/** How far a reading may be from a multiple, in units of the resolution: sums of fractions are inexact. */
const TOLERANCE = 0.001;
/** The same in milliseconds, for coarse resolutions. */
const TOLERANCE_MS = 0.02;

/** Infers a clock's resolution from its readings. */
export class Resolution {
  #index = 0;

  /** The resolution in milliseconds: a reading is off by less than this. */
  get ms(): number {
    return KNOWN[this.#index] ?? FINEST;
  }

  /** Takes a reading into account. */
  note(readingMs: number): void {
    while (this.#index < KNOWN.length && !isMultiple(readingMs, this.ms)) {
      this.#index += 1;
    }
  }
}

function isMultiple(readingMs: number, resolutionMs: number): boolean {
  const factor = readingMs / resolutionMs;
  return Math.abs(factor - Math.round(factor)) < Math.min(TOLERANCE, TOLERANCE_MS / resolutionMs);
}
