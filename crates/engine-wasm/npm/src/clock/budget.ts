/**
 * How many questions a clock may ask, so that a million clocks do not wear a server out: sixteen when it starts, and beyond
 * those at most eight in any minute.
 */

/** How many questions a new clock may ask at once. */
const AT_START = 16;
/** How many it may ask in any minute, beyond those: one more only to find out whether the minute is over. */
const A_MINUTE = 7;
const MINUTE_MS = 60_000;

/** Counts questions. */
export class Budget {
  #atStart = AT_START;
  #askedMs: number[] = [];

  /** How many questions may be asked now. */
  left(nowMs: number): number {
    return this.#atStart + A_MINUTE - this.#within(nowMs).length;
  }

  /** Whether one more question may be asked because the machine has perhaps slept, so that the minute may be over. */
  mayAskOnce(nowMs: number, perhapsSleptMs: number): boolean {
    return this.left(nowMs + perhapsSleptMs) > 0 && this.#within(nowMs).length <= A_MINUTE;
  }

  /** Counts a question that is asked now. Gives a function that takes it back, should it have reached nobody. */
  take(nowMs: number): () => void {
    if (this.#atStart > 0) {
      this.#atStart -= 1;
      return () => {
        this.#atStart += 1;
      };
    }
    this.#askedMs = [...this.#within(nowMs), nowMs];
    return () => {
      const index = this.#askedMs.indexOf(nowMs);
      // It may have been forgotten meanwhile.
      this.#askedMs.splice(index, index < 0 ? 0 : 1);
    };
  }

  #within(nowMs: number): number[] {
    return this.#askedMs.filter((at) => nowMs - at < MINUTE_MS);
  }
}
