/**
 * The time a program sees. It follows the estimate and never goes backward.
 *
 * After a correction the displayed time differs from the estimate. A difference below `STEP_MS` is slewed: time runs slightly
 * faster or slower until it is made up. A larger one is a step forward, or a halt until the estimate has caught up.
 * So is any difference at the end of the first burst, when the displayed time rests on a single exchange.
 */

/** Differences of this size and above, in milliseconds, are not slewed. NTP uses the same limit. */
const STEP_MS = 128;
/** How much faster or slower time runs while it is slewed. */
const SLEW = 0.005;

/** An estimate: the server's time, less an origin, is `offset` + (1 + `drift`) * monotonic. */
export interface Line {
  readonly offset: number;
  readonly drift: number;
}

/** The displayed time, in milliseconds since an origin. */
export class SlewedTime {
  #line: Line;
  #sinceMs: number;
  /** How far the estimate was ahead of the displayed time at the last correction. */
  #behind = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(line: Line, monotonicMs: number) {
    this.#line = line;
    this.#sinceMs = monotonicMs;
  }

  /** Returns the displayed time at a reading of the monotonic clock. */
  at(monotonicMs: number): number {
    this.#last = Math.max(this.#last, on(this.#line, monotonicMs) - this.#difference(monotonicMs));
    return this.#last;
  }

  /**
   * Follows another estimate from now on.
   *
   * @param isAtOnce Whether no difference is slewed, however small.
   */
  follow(line: Line, monotonicMs: number, isAtOnce = false): void {
    const displayed = this.at(monotonicMs);
    const isHalting = displayed > on(this.#line, monotonicMs) - this.#difference(monotonicMs);
    const behind = on(line, monotonicMs) - displayed;
    this.#line = line;
    this.#sinceMs = monotonicMs;
    // With no difference to slew, `at` steps forward or halts. A halt continues until the estimate has caught up.
    const isSlewed = !isAtOnce && Math.abs(behind) < STEP_MS && !(isHalting && behind < 0);
    this.#behind = isSlewed ? behind : 0;
  }

  /** How far the estimate is still ahead of the displayed time, apart from a halt. */
  #difference(monotonicMs: number): number {
    const made = SLEW * Math.max(0, monotonicMs - this.#sinceMs);
    return Math.sign(this.#behind) * Math.max(0, Math.abs(this.#behind) - made);
  }
}

function on({ offset, drift }: Line, monotonicMs: number): number {
  return offset + (1 + drift) * monotonicMs;
}
