/**
 * How many questions a clock may ask, so that a million clocks do not wear a server out: sixteen when it starts, and beyond
 * those at most eight in any minute.
 */

/** How many questions a new clock may ask at once. */
const AT_START = 16;
/** How many it may ask in any minute, beyond those. */
const A_MINUTE = 8;
const MINUTE_MS = 60_000;

/** Counts questions. */
export class Budget {
  #atStart = AT_START;
  #askedMs: number[] = [];

  /** How many questions may be asked now. */
  left(monotonicMs: number): number {
    // A clock that stood still makes the minute longer. That asks less, not more.
    this.#askedMs = this.#askedMs.filter((at) => monotonicMs - at < MINUTE_MS);
    return this.#atStart + A_MINUTE - this.#askedMs.length;
  }

  /** Counts a question that is asked now. */
  take(monotonicMs: number): void {
    if (this.#atStart > 0) {
      this.#atStart -= 1;
    } else {
      this.#askedMs.push(monotonicMs);
    }
  }
}
