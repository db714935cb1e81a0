/** Reports each break once and in order, takes breaks back that a late change undoes, and reports when a break is settled. */
import type { Timeline } from "../engine/timeline.js";
import type { Listeners } from "../listeners.js";
import type { Break, SessionEvents } from "./events.js";

/** The inputs and outputs of the breaks. */
export interface BreaksParts {
  readonly known: { readonly timeline: Timeline };
  readonly listeners: Listeners<SessionEvents>;
  /** Returns the server's time, in integer milliseconds since the Unix epoch. */
  now(): number;
  /** Returns the instant before which nothing is taken back any more, in milliseconds since the Unix epoch. */
  settledUntil(): number;
}

/** The most breaks to report after a sleep, and the most to keep because they may be taken back. */
const MOST_BREAKS = 1_000;

/** The breaks of one session. A break begins a round, so rounds count them. */
export class Breaks {
  readonly #parts: BreaksParts;
  /** The reported breaks that may be taken back, in order. */
  readonly #unsettled: Break[] = [];
  /** The round of the last break that was reported or skipped. */
  #round = 0;
  /** The round of the last break that is not taken back, whatever happens. */
  #final = 0;
  /** How many breaks were skipped before the next one. */
  #skipped = 0;

  constructor(parts: BreaksParts) {
    this.#parts = parts;
  }

  /** Whether there are listeners for breaks. */
  get isWanted(): boolean {
    const { listeners } = this.#parts;
    return listeners.has("break") || listeners.has("breakSettled");
  }

  /** The step of the next break to report; infinity without listeners. */
  get next(): number {
    return this.isWanted ? this.#timeline.roundAt(this.#round).nextBreak : Number.POSITIVE_INFINITY;
  }

  /** Starts to report breaks after a step. */
  begin(current: number): void {
    this.#round = this.#roundAfter(current);
    this.#skipped = 0;
  }

  /** Skips all breaks up to a step but the latest ones, if there are too many. */
  skip(current: number): void {
    const skipped = this.#roundAfter(current) - MOST_BREAKS - this.#round;
    if (skipped > 0) {
      this.#round += skipped;
      this.#skipped += skipped;
    }
  }

  /** Reports the next break, which must be due. */
  reportNext(): void {
    const { listeners, now, settledUntil } = this.#parts;
    const ended = this.#timeline.roundAt(this.#round);
    const state = this.#timeline.state(ended.nextBreak);
    const at = this.#timeline.whenBegins(state.step);
    const [behindMs, isSettled, skipped] = [now() - at, at < settledUntil(), this.#skipped];
    const happened = { ...state, at, behindMs, ended, isSettled, skipped };
    this.#round = state.round;
    this.#skipped = 0;
    this.#unsettled.push(happened);
    listeners.emit("break", happened);
  }

  /** Takes back all breaks after a step, because the session is now known to be no further. Returns them in order. */
  takeBack(current: number): readonly Break[] {
    this.#round = Math.min(this.#round, this.#roundAfter(current));
    return this.#unsettled.splice(this.#unsettled.filter(({ step }) => step <= current).length);
  }

  /** Reports the breaks that are settled by now, and forgets the earliest ones if there are too many. */
  settle(): void {
    const { listeners, settledUntil } = this.#parts;
    for (let [first] = this.#unsettled; first !== undefined; [first] = this.#unsettled) {
      // A late change may have moved it.
      const at = this.#timeline.whenBegins(first.step);
      const isSettled = at < settledUntil();
      if (!isSettled && this.#unsettled.length <= MOST_BREAKS) {
        return;
      }
      this.#unsettled.shift();
      this.#final = first.round;
      if (isSettled) {
        listeners.emit("breakSettled", { ...first, at, isSettled });
      }
    }
  }

  /** Forgets all breaks. The timeline may be freed afterwards. */
  end(): void {
    this.#unsettled.length = 0;
  }

  get #timeline(): Timeline {
    return this.#parts.known.timeline;
  }

  /** Returns the round of a step, or a later one that is final. Before the start that is round 0. */
  #roundAfter(current: number): number {
    return Math.max(this.#timeline.round(Math.max(current, 0)), this.#final);
  }
}
