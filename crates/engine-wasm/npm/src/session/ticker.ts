/**
 * Tells each step once, in order, and the stop. Steps follow from the clock and are never counted: a timer only says when to
 * look.
 */
import type { Timers } from "../clock/ports.js";
import type { Timeline } from "../engine/timeline.js";

/** What is told of the steps that ran while nobody could look: all of them, or only the newest. */
export type CatchUp = "all" | "latest";

/** What a ticker looks at, and whom it tells. */
export interface TickerParts {
  readonly timeline: Timeline;
  readonly timers: Timers;
  readonly catchUp: CatchUp;
  /** The server's time, in whole milliseconds since the Unix epoch. */
  now(): number;
  /** The machine's monotonic clock, in milliseconds: how long telling takes. */
  monotonicMs(): number;
  /** Whether anybody wants to be told of steps. */
  isHeard(): boolean;
  /** A step has begun. */
  tick(step: number): void;
  /** The session has stopped, and all its steps were told. */
  stopped(): void;
}

/** So long steps may be told without a break, in milliseconds, before the page gets its turn: half a frame. */
const TURN_MS = 8;
/** Timers of browsers take no delay above 2^31 ms, and clocks are corrected. */
const LONGEST_PAUSE_MS = 60_000;

/** Tells steps as they begin. */
export class Ticker {
  readonly #parts: TickerParts;
  /** The last step that was told, or that had begun when telling began; -1 before the start. */
  #last: number;
  /** When the session stops, or infinity; and whether that was told. */
  #stoppedAt = Number.POSITIVE_INFINITY;
  #hasToldStop = false;
  #cancelTimer: () => void = nothing;
  #isTelling = false;
  #isEnded = false;

  constructor(parts: TickerParts) {
    this.#parts = parts;
    this.#last = this.#current();
  }

  /** Begins to tell: only what begins from now on. */
  begin(): void {
    this.#last = this.#current();
    this.look();
  }

  /** Has the stop told at an instant; at once if that has passed. The timeline has to know of it already. */
  stopAt(stoppedAt: number): void {
    this.#stoppedAt = stoppedAt;
    this.#hasToldStop = false;
    this.look();
  }

  /** Looks at once: time may have gone on. */
  look(): void {
    // Whoever is told may cause another look. The one under way sees to it.
    if (this.#isTelling || this.#isEnded) {
      return;
    }
    this.#cancelTimer();
    this.#isTelling = true;
    let isDone = true;
    try {
      isDone = this.#tell();
    } finally {
      this.#isTelling = false;
    }
    this.#wait(isDone);
  }

  /** Tells no more. */
  end(): void {
    this.#isEnded = true;
    this.#cancelTimer();
  }

  #current(): number {
    return this.#parts.timeline.stepAt(this.#parts.now()) ?? -1;
  }

  /** Tells all that is due, unless that takes long. Gives whether all was told. */
  #tell(): boolean {
    const { monotonicMs } = this.#parts;
    const startedMs = monotonicMs();
    while (this.#isBehind()) {
      if (monotonicMs() - startedMs > TURN_MS) {
        return false;
      }
      this.#tellNext();
    }
    this.#tellStop();
    return true;
  }

  /** Whoever was told last may have ended it, and freed the timeline. */
  #isBehind(): boolean {
    return !this.#isEnded && this.#last < this.#current();
  }

  #tellNext(): void {
    const { catchUp, isHeard, tick } = this.#parts;
    const isWanted = isHeard();
    this.#last = isWanted && catchUp === "all" ? this.#last + 1 : this.#current();
    if (isWanted) {
      tick(this.#last);
    }
  }

  #tellStop(): void {
    if (!(this.#hasToldStop || this.#isEnded) && this.#parts.now() >= this.#stoppedAt) {
      this.#hasToldStop = true;
      this.#parts.stopped();
    }
  }

  #wait(isDone: boolean): void {
    if (this.#isEnded) {
      return;
    }
    const delayMs = isDone ? this.#nextMs() - this.#parts.now() : 0;
    if (delayMs < Number.POSITIVE_INFINITY) {
      const pauseMs = Math.min(Math.max(delayMs, 0), LONGEST_PAUSE_MS);
      this.#cancelTimer = this.#parts.timers.set(() => this.look(), pauseMs);
    }
  }

  /** When there is something to tell again, or infinity. */
  #nextMs(): number {
    const { isHeard, timeline } = this.#parts;
    if (this.#hasToldStop) {
      return Number.POSITIVE_INFINITY;
    }
    return isHeard() ? Math.min(timeline.timeOf(this.#last + 1), this.#stoppedAt) : this.#stoppedAt;
  }
}

function nothing(): void {
  // No timer is set.
}
