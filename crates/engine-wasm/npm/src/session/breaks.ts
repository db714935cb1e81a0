/** Reports each break once and in order, takes breaks back that a late change undoes, and reports when a break is settled. */
import type { Timeline } from "../engine/timeline.js";
import type { Break } from "./events.js";

/** The inputs and outputs of the breaks. */
export interface BreaksParts {
  readonly timeline: Timeline;
  /** Returns the server's time, in integer milliseconds since the Unix epoch. */
  now(): number;
  /** Returns the instant before which nothing is taken back any more, in milliseconds since the Unix epoch. */
  settledUntil(): number;
  /** Returns whether there are listeners for breaks. */
  isWanted(): boolean;
  /** Reports a break, or that it is settled. */
  report(event: "break" | "breakSettled", broken: Break): void;
}

/** The most breaks to report after a sleep, and the most to keep because they may be taken back. */
const MOST_BREAKS = 1_000;

/** The breaks of one session. */
export class Breaks {
  readonly #parts: BreaksParts;
  /** The reported breaks that may be taken back, in order. */
  readonly #unsettled: Break[] = [];
  /** The step up to which all breaks were reported or skipped. */
  #last = 0;
  /** The last break that is not taken back, whatever happens. */
  #final = 0;
  /** How many breaks were skipped before the next one. */
  #skipped = 0;

  constructor(parts: BreaksParts) {
    this.#parts = parts;
  }

  /** The step of the next break to report; infinity without listeners. */
  get next(): number {
    const { isWanted, timeline } = this.#parts;
    return isWanted() ? timeline.nextBreak(this.#last) : Number.POSITIVE_INFINITY;
  }

  /** Starts to report breaks after a step. */
  begin(current: number): void {
    this.#last = Math.max(current, this.#final);
  }

  /** Skips all breaks up to a step but the latest ones, if there are too many. */
  skip(current: number): void {
    if (this.next < current) {
      const { timeline } = this.#parts;
      const round = timeline.round(current) - MOST_BREAKS;
      const skipped = round - timeline.round(this.#last);
      if (skipped > 0) {
        this.#skipped += skipped;
        this.#last = timeline.roundAt(round).firstStep;
      }
    }
  }

  /** Reports the next break, which must be due. */
  reportNext(): void {
    const { now, report, timeline } = this.#parts;
    const step = this.next;
    const at = timeline.whenBegins(step);
    const isSettled = this.#isSettled(at);
    const ended = timeline.roundOf(step - 1);
    const skipped = this.#skipped;
    const broken = { ...timeline.state(step), at, behindMs: now() - at, ended, isSettled, skipped };
    this.#last = step;
    this.#skipped = 0;
    if (this.#unsettled.push(broken) > MOST_BREAKS) {
      this.#shift();
    }
    report("break", broken);
    this.settle();
  }

  /** Takes back all breaks after a step, because the session is now known to be no further. Returns them in order. */
  takeBack(current: number): readonly Break[] {
    this.#last = Math.min(this.#last, Math.max(current, this.#final));
    return this.#unsettled.splice(this.#unsettled.filter(({ step }) => step <= current).length);
  }

  /** Reports the breaks that are settled by now. */
  settle(): void {
    for (let [first] = this.#unsettled; first !== undefined; [first] = this.#unsettled) {
      // A late change may have moved it.
      const at = this.#parts.timeline.whenBegins(first.step);
      if (!this.#isSettled(at)) {
        return;
      }
      this.#shift();
      this.#parts.report("breakSettled", { ...first, at, isSettled: true });
    }
  }

  /** Forgets all breaks. The timeline may be freed afterwards. */
  end(): void {
    this.#unsettled.length = 0;
  }

  #isSettled(at: number): boolean {
    return at < this.#parts.settledUntil();
  }

  #shift(): void {
    this.#final = this.#unsettled.shift()?.step ?? this.#final;
  }
}
