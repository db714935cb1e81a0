/**
 * How noisy a wall clock is. Some extensions add noise to `Date.now()`, so that pages cannot recognise their visitors. Each jump then
 * looks as if somebody had set the clock, or the machine had slept; but jumps that go forth and back, again and again, are noise.
 */

/** Jumps that are further apart, in milliseconds, have nothing to do with each other. */
const APART_MS = 1_000;
/** So many jumps must each go the other way: one pair may be a sleep and the correction of the clock that measured it. */
const ENOUGH = 4;
/** A larger jump, in milliseconds, is no noise: somebody has set the clock. */
const LARGEST_MS = 2_000;
/** The noise may be larger than the jumps so far. */
const MARGIN = 2;

/** Measures the noise of a wall clock by its jumps. */
export class WallNoise {
  #ms = 0;
  /** The latest jumps, each of which went the other way than the one before, and when the last one was noted. */
  #jumps: number[] = [];
  #atMs = Number.NEGATIVE_INFINITY;

  /** By how much the clock may be off, so that a sleep as short as this goes unnoticed, in milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /**
   * Notes a jump that is larger than the noise so far.
   *
   * @param jumpMs By how much the wall clock was ahead of the monotonic clock; negative if it was behind.
   */
  note(jumpMs: number, monotonicMs: number): void {
    if (Math.abs(jumpMs) > LARGEST_MS) {
      this.#jumps = [];
      return;
    }
    const turns = (this.#jumps.at(-1) ?? 0) * jumpMs < 0 && monotonicMs - this.#atMs <= APART_MS;
    this.#jumps = turns ? [...this.#jumps, jumpMs] : [jumpMs];
    this.#atMs = monotonicMs;
    if (this.#jumps.length >= ENOUGH) {
      // Without the first one, which may have been a sleep.
      this.#ms = MARGIN * Math.max(...this.#jumps.slice(1).map(Math.abs));
      this.#jumps = [];
    }
  }
}
