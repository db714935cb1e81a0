/** The report of a session's stop, which listeners that are added later get too. */
import type { State } from "../engine/session.js";
import { microtask } from "../microtask.js";
import type { Stopped } from "./events.js";

/** How late a stop was learned, and what it takes back. */
type Lateness = Omit<Stopped, "stoppedAt" | "state">;

/** The report of one session's stop. */
export class StopReport {
  #lateness: Lateness = { isLate: false, stepsTakenBack: 0, breaksTakenBack: [] };
  #stopped: Stopped | undefined;

  /** The stop, once it was reported. */
  get stopped(): Stopped | undefined {
    return this.#stopped;
  }

  /** Expects another stop, or the same one with another state. */
  renew(lateness: Lateness): void {
    this.#stopped = undefined;
    this.#lateness = lateness;
  }

  /** Returns the report that is now due. */
  make(stoppedAt: number, state: State): Stopped {
    this.#stopped = { stoppedAt, state, ...this.#lateness };
    return this.#stopped;
  }

  /**
   * Repeats an earlier report to a new listener.
   *
   * @param isClosed Returns whether nobody wants reports any more.
   * @param off Removes the listener.
   * @returns A function that removes the listener.
   */
  repeat(listener: (stopped: Stopped) => void, isClosed: () => boolean, off: () => void): () => void {
    let isWanted = true;
    const stopped = this.#stopped;
    if (stopped !== undefined) {
      microtask(() => {
        if (isWanted && !isClosed()) {
          listener(stopped);
        }
      });
    }
    return () => {
      isWanted = false;
      off();
    };
  }
}
