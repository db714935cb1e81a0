/**
 * The time that the game sees: follows the estimate, and never goes backward.
 *
 * When the estimate is corrected, what is shown differs from it. Less than `STEP_MS` is made up for by running a little faster or
 * slower. More is a step forward, or a halt until the estimate has caught up.
 */

/** From this difference on, in milliseconds, time is not slewed any more. The same as NTP's. */
const STEP_MS = 128;
/** By how much faster or slower time may run while it is slewed. */
const SLEW = 0.005;

/** The estimate: the server's time less an origin is `offset` + (1 + `drift`) * monotonic. */
export interface Line {
  readonly offset: number;
  readonly drift: number;
}

/** The time that is shown, in milliseconds since an origin. */
export class Shown {
  #line: Line;
  #sinceMs: number;
  /** How far the estimate was ahead of what was shown when it was corrected last. */
  #behind = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(line: Line, monotonicMs: number) {
    this.#line = line;
    this.#sinceMs = monotonicMs;
  }

  /** What is shown at a reading of the monotonic clock. */
  at(monotonicMs: number): number {
    this.#last = Math.max(this.#last, on(this.#line, monotonicMs) - this.#difference(monotonicMs));
    return this.#last;
  }

  /** Has it follow another estimate from now on. */
  follow(line: Line, monotonicMs: number): void {
    const shown = this.at(monotonicMs);
    const isHalting = shown > on(this.#line, monotonicMs) - this.#difference(monotonicMs);
    const behind = on(line, monotonicMs) - shown;
    this.#line = line;
    this.#sinceMs = monotonicMs;
    // A larger one is a step forward. A halt needs nothing of its own: what was shown last is never undercut. One that has
    // begun goes on until the estimate has caught up.
    this.#behind = Math.abs(behind) < STEP_MS && !(isHalting && behind < 0) ? behind : 0;
  }

  /** How far the estimate is still ahead of what is shown, but for a halt. */
  #difference(monotonicMs: number): number {
    const made = SLEW * Math.max(0, monotonicMs - this.#sinceMs);
    return Math.sign(this.#behind) * Math.max(0, Math.abs(this.#behind) - made);
  }
}

function on({ offset, drift }: Line, monotonicMs: number): number {
  return offset + (1 + drift) * monotonicMs;
}
