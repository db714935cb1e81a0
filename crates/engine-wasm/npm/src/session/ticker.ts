/**
 * Reports steps and breaks in order, then the stop, whether the session is running or paused, and the current step. Steps follow
 * from the clock and are never counted: a timer only triggers the next check.
 */
import { EngineError } from "../engine/error.js";
import { printable } from "../engine/input.js";
import type { SessionStatus } from "../engine/session.js";
import type { Timeline } from "../engine/timeline.js";
import { microtask } from "../microtask.js";
import type { Platform } from "../platform.js";
import type { Breaks, BreaksParts } from "./breaks.js";
import type { SessionEvents } from "./events.js";

/** Which missed steps are reported: those of the last two seconds and the latest, all of them, or only the latest. */
export type CatchUp = "recent" | "all" | "latest";

/** Throws for another value, which in JavaScript would go unnoticed. */
export function checkCatchUp(catchUp: CatchUp = "recent"): void {
  if (!["recent", "all", "latest"].includes(catchUp)) {
    throw new EngineError(
      "unknown_option",
      "catchUp",
      `catchUp must be "recent", "all" or "latest", got ${printable(catchUp)}`,
    );
  }
}

/** The inputs and outputs of a ticker. */
export interface TickerParts extends BreaksParts {
  readonly platform: Pick<Platform, "time" | "timers">;
  readonly catchUp: CatchUp;
  readonly breaks: Breaks;
  /** Reports that the session has stopped, after all its steps. */
  stopped(): void;
}

/** How long to report steps at a time, in milliseconds, before the page can do other work: half a frame. */
const SLICE_MS = 8;
/** How old the steps may be that `"recent"` catches up with, in milliseconds. */
const RECENT_MS = 2_000;
/** The longest timer. Browsers accept no delay above 2^31 ms, and corrections of the clock must take effect. */
const LONGEST_PAUSE_MS = 60_000;

/** Reports steps as they begin. */
export class Ticker {
  readonly #parts: TickerParts;
  /**
   * The last step that was reported, or that had begun when reporting began; -1 before the start. A schedule that is learned late may
   * set the session back to before it.
   */
  #last = -1;
  /** Whether a new listener waits for the current step, although that began before. */
  #isCurrentWanted = false;
  /** The step that was last reported as the current one. */
  #shown = -1;
  /** The status that was last reported, and the instant of the last check of it. */
  #status: SessionStatus = "running";
  #statusCheckedAt = 0;
  /** When the session stops, or infinity, and whether that was reported. */
  #stoppedAt = Number.POSITIVE_INFINITY;
  #hasReportedStop = false;
  #cancelTimer: () => void = nothing;
  #isReporting = false;
  #isEnded = false;

  constructor(parts: TickerParts) {
    this.#parts = parts;
  }

  /**
   * Starts to report to the first listener for an event. A `tick` listener soon gets the current step, and then each that begins;
   * the listeners for other events get what happens from now on.
   */
  begin(event: keyof SessionEvents): void {
    const current = this.#current();
    if (event === "tick") {
      this.#isCurrentWanted = current >= 0;
      this.#last = Math.max(current, this.#last);
    } else if (event === "state") {
      this.#shown = current;
    } else {
      this.#parts.breaks.begin(current);
    }
    // The program first gets the function that removes the listener.
    microtask(() => this.check());
  }

  /** Reports the stop at an instant, or at once if it has passed. The timeline must know the stop already. */
  stopAt(stoppedAt: number): void {
    this.#stoppedAt = stoppedAt;
    this.#hasReportedStop = false;
    this.check();
  }

  /** Checks the time now, after it may have jumped, or after the schedule has changed. */
  check(): void {
    // A listener may trigger another check. The current one covers it.
    if (this.#isReporting || this.#isEnded) {
      return;
    }
    this.#cancelTimer();
    this.#isReporting = true;
    let isDone = true;
    try {
      isDone = this.#report();
    } finally {
      this.#isReporting = false;
    }
    this.#wait(isDone);
  }

  /** Stops reporting. */
  end(): void {
    this.#isEnded = true;
    this.#cancelTimer();
  }

  get #timeline(): Timeline {
    return this.#parts.known.timeline;
  }

  #current(): number {
    return this.#timeline.stepAt(this.#parts.now()) ?? -1;
  }

  /** Reports everything that is due, unless that takes too long. Returns whether it is complete. */
  #report(): boolean {
    const isDone = this.#reportSteps();
    this.#parts.breaks.settle();
    if (isDone) {
      this.#reportStop();
      this.#reportStatus();
    }
    this.#showCurrent();
    return isDone;
  }

  /** Reports steps and breaks in the order of the steps. A break comes after its step. */
  #reportSteps(): boolean {
    const { breaks, platform } = this.#parts;
    const startedMs = platform.time.monotonicMs();
    breaks.skip(this.#current());
    // The last listener may have ended the ticker and freed the timeline.
    while (!this.#isEnded) {
      const step = this.#nextTick();
      const isBreak = breaks.next < step;
      if ((isBreak ? breaks.next : step) > this.#current()) {
        break;
      }
      if (platform.time.monotonicMs() - startedMs > SLICE_MS) {
        return false;
      }
      this.#reportNext(step, isBreak);
    }
    return true;
  }

  /** Reports a step, or a break before it. */
  #reportNext(step: number, isBreak: boolean): void {
    if (isBreak || !this.#isCurrentWanted) {
      // A session that is known to be paused has been resumed before its next step.
      this.#turn("running");
    }
    if (this.#isEnded) {
      return;
    }
    if (isBreak) {
      this.#parts.breaks.reportNext();
    } else {
      this.#reportTick(step);
    }
  }

  #reportTick(step: number): void {
    const { listeners, now } = this.#parts;
    const at = this.#timeline.whenBegins(step);
    this.#isCurrentWanted = false;
    this.#last = Math.max(step, this.#last);
    listeners.emit("tick", { ...this.#timeline.state(step), at, behindMs: now() - at });
  }

  /** Returns the next step to report; infinity without listeners. */
  #nextTick(): number {
    const { catchUp, listeners, now } = this.#parts;
    if (!listeners.has("tick")) {
      return Number.POSITIVE_INFINITY;
    }
    const current = this.#current();
    const next = this.#last + 1;
    if (this.#isCurrentWanted) {
      // A late stop may set the session back to before its start.
      return Math.max(current, 0);
    }
    if (catchUp === "all" || next >= current) {
      return next;
    }
    const old =
      catchUp === "latest" ? current : (this.#timeline.stepAt(Math.max(now() - RECENT_MS, 0)) ?? -1);
    return Math.min(Math.max(next, old + 1), current);
  }

  #reportStop(): void {
    if (!(this.#hasReportedStop || this.#isEnded) && this.#parts.now() >= this.#stoppedAt) {
      this.#hasReportedStop = true;
      this.#parts.stopped();
    }
  }

  #reportStatus(): void {
    if (this.#isEnded) {
      return;
    }
    this.#statusCheckedAt = this.#parts.now();
    this.#turn(this.#timeline.statusAt(this.#statusCheckedAt));
  }

  /** Reports a status, unless it was reported last. */
  #turn(status: SessionStatus): void {
    if (status !== this.#status) {
      this.#status = status;
      this.#parts.listeners.emit("status", status);
    }
  }

  #showCurrent(): void {
    const { listeners, now } = this.#parts;
    if (this.#isEnded || !listeners.has("state")) {
      return;
    }
    const step = this.#current();
    if (step !== this.#shown) {
      this.#shown = step;
      listeners.emit("state", step < 0 ? this.#timeline.stateAt(now()) : this.#timeline.state(step));
    }
  }

  #wait(isDone: boolean): void {
    if (this.#isEnded) {
      return;
    }
    const delayMs = isDone ? this.#nextMs() - this.#parts.now() : 0;
    if (delayMs < Number.POSITIVE_INFINITY) {
      const pauseMs = Math.min(Math.max(delayMs, 0), LONGEST_PAUSE_MS);
      this.#cancelTimer = this.#parts.platform.timers.set(() => this.check(), pauseMs);
    }
  }

  /** Returns when the next report is due, or infinity. While the session is paused, no step is. */
  #nextMs(): number {
    if (this.#hasReportedStop) {
      return Number.POSITIVE_INFINITY;
    }
    const { breaks, listeners } = this.#parts;
    const begins = (event: "tick" | "state", step: number): number =>
      listeners.has(event) ? this.#timeline.whenBegins(step) : Number.POSITIVE_INFINITY;
    return Math.min(
      begins("tick", this.#last + 1),
      begins("state", this.#shown + 1),
      this.#timeline.whenBegins(breaks.next),
      this.#timeline.nextChange(this.#statusCheckedAt),
      this.#stoppedAt,
    );
  }
}

function nothing(): void {
  // No timer is set.
}
