/**
 * Keeps the server's promise that nothing unknown takes effect before an instant (docs/schedule.md, section 2), and reports when
 * the time passes that instant.
 */
import type { ClockReading } from "../clock/clock.js";
import type { Timers } from "../clock/inputs.js";
import type { Settled } from "./events.js";

/** The inputs and outputs. */
export interface SettledPromiseParts {
  readonly timers: Timers;
  /** Returns the server's time and its maximum error. */
  read(): ClockReading;
  /** Reports that the state is certain from now on, or no longer. */
  changed(settled: Settled): void;
}

/** The promise of a server that promises nothing. */
const NOTHING = Number.NEGATIVE_INFINITY;

/** The longest timer, because the clock is corrected meanwhile, and the shortest, because time may stand still. */
const LONGEST_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 1;

/** The promise about one session. */
export class SettledPromise {
  readonly #parts: SettledPromiseParts;
  #until: number;
  #wasSettled: boolean;
  #isFinal = false;
  #isEnded = false;
  #cancelTimer: () => void = nothing;

  constructor(parts: SettledPromiseParts, until = NOTHING) {
    this.#parts = parts;
    this.#until = until;
    this.#wasSettled = this.isSettled;
    this.#wait();
  }

  /** The instant before which nothing unknown takes effect, or `undefined` without a promise. */
  get until(): number | undefined {
    return this.#until === NOTHING ? undefined : this.#until;
  }

  /** The instant before which nothing is taken back. Once a session is final that is infinity, even without a promise. */
  get finalUntil(): number {
    return this.#isFinal ? Number.POSITIVE_INFINITY : this.#until;
  }

  /** Whether the server's time certainly lies before that instant. */
  get isSettled(): boolean {
    return this.#leftMs() > 0;
  }

  /** Takes another promise about what the session knows. One that ends earlier adds nothing. */
  extend(until = NOTHING): void {
    this.#until = Math.max(this.#until, until);
    this.check();
  }

  /** Notes that nothing changes any more. */
  finish(): void {
    this.#isFinal = true;
    if (this.#until !== NOTHING) {
      this.extend(Number.POSITIVE_INFINITY);
    }
  }

  /**
   * Takes the promise about a new version of the session. What was promised before stays true, because the new version is no
   * different until then. If it is different, the server has broken its promise, or lost data.
   *
   * @param differsAt The first instant at which the new version differs.
   */
  replace(until: number | undefined, differsAt: number): void {
    if (this.#until > differsAt) {
      this.#until = NOTHING;
    }
    this.extend(until);
  }

  /** Checks the time now, after it may have jumped. */
  check(): void {
    if (this.#isEnded) {
      return;
    }
    this.#cancelTimer();
    this.#wait();
    const { isSettled } = this;
    if (isSettled !== this.#wasSettled) {
      this.#wasSettled = isSettled;
      this.#parts.changed({ isSettled, settledUntil: this.until });
    }
  }

  /** Stops reporting. */
  end(): void {
    this.#isEnded = true;
    this.#cancelTimer();
  }

  /** Returns for how long the state is certain, in milliseconds. */
  #leftMs(): number {
    const { now, errorMs } = this.#parts.read();
    return this.#until - now - errorMs;
  }

  /** Checks again at the end of the promise. */
  #wait(): void {
    const leftMs = this.#leftMs();
    this.#cancelTimer = nothing;
    if (leftMs > 0 && leftMs < Number.POSITIVE_INFINITY) {
      const pauseMs = Math.min(Math.max(leftMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
      this.#cancelTimer = this.#parts.timers.set(() => this.check(), pauseMs);
    }
  }
}

function nothing(): void {
  // No timer is set.
}
