/**
 * Limits the requests of a clock, so that a million clocks do not overload a server: 16 at the start, and beyond those at
 * most 8 in any minute.
 */

/** The number of requests a new clock may send at once. */
const AT_START = 16;
/** The number it may send in any minute beyond those. One more is allowed to find out whether the minute is over. */
const PER_MINUTE = 7;
const MINUTE_MS = 60_000;

/** Counts requests. */
export class Budget {
  #atStart = AT_START;
  #askedMs: number[] = [];

  /** Returns how many requests the clock may send now. */
  left(nowMs: number): number {
    return this.#atStart + PER_MINUTE - this.#withinMinute(nowMs).length;
  }

  /** Returns whether one more request is allowed because the machine may have slept, so that the minute may be over. */
  mayAskOnce(nowMs: number, possibleSleepMs: number): boolean {
    return this.left(nowMs + possibleSleepMs) > 0 && this.#withinMinute(nowMs).length <= PER_MINUTE;
  }

  /** Counts a request sent now. Returns a function that undoes this, for a request that reached no server. */
  take(nowMs: number): () => void {
    if (this.#atStart > 0) {
      this.#atStart -= 1;
      return () => {
        this.#atStart += 1;
      };
    }
    this.#askedMs = [...this.#withinMinute(nowMs), nowMs];
    return () => {
      const index = this.#askedMs.indexOf(nowMs);
      // The entry is gone if it was older than a minute.
      this.#askedMs.splice(index, index < 0 ? 0 : 1);
    };
  }

  #withinMinute(nowMs: number): number[] {
    return this.#askedMs.filter((at) => nowMs - at < MINUTE_MS);
  }
}
