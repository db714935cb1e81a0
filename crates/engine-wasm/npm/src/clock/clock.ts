/** A clock that shows the server's time. It asks for the time in bursts of exchanges, and keeps time in between. */
import { onAbort } from "../abort.js";
import { dispose } from "../engine/handle.js";
import { SessionError } from "../http/error.js";
import { RetryPauses, retryAfterMs } from "../http/retry.js";
import { Listeners } from "../listeners.js";
import { microtask } from "../microtask.js";
import { Budget } from "./budget.js";
import { type ClockReading, Estimate, loadFit } from "./estimate.js";
import { type ClockEvents, type ClockParts, EVENTS } from "./events.js";
import type { WakeEvent } from "./inputs.js";

export type { ClockReading } from "./estimate.js";
export type { ClockEvents, ClockParts } from "./events.js";

/** Consecutive exchanges after a pause in milliseconds. */
interface Burst {
  readonly pauseMs: number;
  readonly exchanges: number;
}

/** The first bursts. They follow closely because the drift is still unknown: 16 exchanges in the first half minute. */
const AT_START: readonly Burst[] = [
  { pauseMs: 0, exchanges: 6 },
  { pauseMs: 2_000, exchanges: 2 },
  { pauseMs: 4_000, exchanges: 2 },
  { pauseMs: 8_000, exchanges: 2 },
  { pauseMs: 13_000, exchanges: 4 },
  { pauseMs: 18_000, exchanges: 4 },
];
/**
 * All later bursts: at most six exchanges in any minute. There are three in a burst because the first must wait for a new
 * connection, or for a mobile radio to wake up.
 */
const LATER: Burst = { pauseMs: 32_000, exchanges: 3 };
/** The part of the budget that is reserved for urgent requests. `Budget` allows one more. */
const RESERVE = 1;
/** The most exchanges in a burst after the machine's clocks were disrupted. */
const AFTER_DISRUPTION = 4;
/** If the server responded within this time, in milliseconds, a `woken` event is about an earlier sleep. */
const LATE_EVENT_MS = 2_000;
/** A burst over a slow path ends after this time, in milliseconds, once it has enough exchanges. */
const BURST_MS = 1_000;
const ENOUGH_EXCHANGES = 3;
/** The timeout of a request, in milliseconds. */
const TIMEOUT_MS = 5_000;
/** If a timer is this late, in milliseconds, the machine was asleep. */
const SLEPT_MS = 2_000;
/** When to ask again after a request without a response. */
const RETRY = { firstMs: 300, longestMs: 15_000 };
/** The shortest pause before `synced` is checked again, in milliseconds: a coarse clock may say that no time has passed. */
const SHORTEST_CHECK_MS = 100;
/** The pause while the budget is used up. */
const NO_BUDGET_MS = 1_000;
/** Pauses vary by this fraction, so that clients that started together do not ask together. */
const JITTER = 0.05;

/** A running clock. It asks for the time until it is closed. */
export class Clock {
  readonly #parts: ClockParts;
  readonly #estimate: Estimate;
  readonly #budget = new Budget();
  readonly #listeners = new Listeners<ClockEvents>(EVENTS);
  readonly #retry: RetryPauses;
  readonly #ignoreWakeEvents: () => void;
  #ignoreSignal: () => void = nothing;
  #isClosed = false;
  #cancelTimer: () => void = nothing;
  #cancelCheck: () => void = nothing;
  /** What the last `synced` event said. */
  #wasSynced = false;
  /** The request in flight. */
  #request: AbortController | undefined;
  #askedMs = 0;
  #isInBurst = false;
  /** No request before this reading of the monotonic clock, because the server has asked for a pause. */
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** The number of successful bursts. */
  #successes = 0;
  /** The number of disruptions at the last successful burst, and at the beginning of the last burst. */
  #disruptionsKnown = 0;
  #disruptionsAtBurst = 0;
  /** Whether a reading has triggered an immediate burst since the last successful one. */
  #isHurried = false;

  constructor(parts: ClockParts) {
    this.#parts = parts;
    this.#estimate = new Estimate(parts.time);
    this.#retry = new RetryPauses(RETRY, parts.random);
    this.#ignoreWakeEvents = parts.wakeEvents?.((event) => this.#onWakeEvent(event)) ?? nothing;
    this.#ignoreSignal = onAbort(parts.signal, () => this.close());
    if (!this.#isClosed) {
      void loadFit();
      void this.#askBurst();
    }
  }

  /** The address it asks for the time. Only sessions of the same server can share the clock. */
  get address(): string | undefined {
    return this.#parts.address;
  }

  /** Whether {@link Clock.close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the clock has been set and can be read. */
  get isReady(): boolean {
    return this.#estimate.isReady;
  }

  /** The server's time, in milliseconds since the Unix epoch, with a fraction. Never goes backward. */
  get now(): number {
    return this.read().now;
  }

  /** The maximum error of {@link Clock.now}, in milliseconds. */
  get errorMs(): number {
    return this.read().errorMs;
  }

  /** Whether the server has responded recently, and nothing has disrupted the clock since. */
  get synced(): boolean {
    return this.read().synced;
  }

  /**
   * Reads all three at the same moment. The clocks of {@link openClock} and of sessions are always ready.
   *
   * @throws {@link SessionError} `not_ready` if the clock has not been set yet.
   */
  read(): ClockReading {
    const reading = this.#estimate.read();
    if (reading === undefined) {
      throw new SessionError("not_ready", "the clock was read before it was ready");
    }
    if (!(reading.synced || this.#isHurried)) {
      this.#isHurried = true;
      this.#hurry();
    }
    if (reading.synced !== this.#wasSynced) {
      // Later, so that no listener runs in the middle of the program that reads.
      microtask(() => this.#noteSynced());
    }
    return reading;
  }

  /**
   * Calls a listener at each event. Returns a function that removes it; closing the clock removes it too.
   *
   * @throws {@link SessionError} `unknown_event` for an event that does not exist; `not_a_function` for a listener that is none.
   */
  on<Name extends keyof ClockEvents>(
    event: Name,
    listener: (payload: ClockEvents[Name]) => void,
  ): () => void {
    const off = this.#listeners.add(event, listener);
    if (this.#isClosed) {
      off();
    }
    return off;
  }

  /** Cancels all requests and removes all listeners. The clock still keeps time. */
  close(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#listeners.emit("closed", undefined);
    this.#cancelTimer();
    this.#cancelCheck();
    this.#request?.abort();
    this.#ignoreWakeEvents();
    this.#ignoreSignal();
    this.#listeners.clear();
  }

  /** Calls {@link Clock.close} at the end of a block with `using clock = ...`. */
  [dispose](): void {
    this.close();
  }

  #onWakeEvent(event: WakeEvent): void {
    if (event === "woken" && !(this.#isDisrupted() || this.#estimate.hasHeardWithin(LATE_EVENT_MS))) {
      this.#estimate.noteDisruption();
    }
    if (this.#retry.count > 0 || this.#estimate.read()?.synced === false) {
      this.#hurry();
    }
    this.#noteSynced();
  }

  /** Asks at once. Cancels a request from before a disruption, whose response would be worthless. */
  #hurry(): void {
    if (this.#isInBurst && this.#estimate.disruptions !== this.#disruptionsAtBurst) {
      this.#request?.abort(new Error("the machine's clocks were disrupted during the request"));
    }
    this.#askAfter(Math.max(0, this.#notBeforeMs - this.#nowMs()));
  }

  #askAfter(delayMs: number): void {
    if (!(this.#isClosed || this.#isInBurst)) {
      this.#cancelTimer();
      this.#cancelTimer = this.#parts.timers.set(() => void this.#askBurst(), delayMs);
    }
  }

  /** Runs one burst and schedules the next. */
  async #askBurst(): Promise<void> {
    this.#isInBurst = true;
    this.#disruptionsAtBurst = this.#estimate.disruptions;
    const outcome = await this.#exchanges().catch((error: unknown) => ({ error }));
    this.#isInBurst = false;
    this.#askAfter(this.#conclude(outcome));
  }

  /** Evaluates a burst. Returns the pause before the next, in milliseconds. */
  #conclude(outcome: number | { readonly error: unknown }): number {
    if (this.#estimate.disruptions !== this.#disruptionsAtBurst) {
      return 0;
    }
    if (outcome === 0) {
      return NO_BUDGET_MS;
    }
    if (typeof outcome === "number") {
      this.#settle();
      return this.#jittered(planned(this.#successes).pauseMs);
    }
    const { error } = outcome;
    let retryInMs = 0;
    if (this.#nowMs() - this.#askedMs > TIMEOUT_MS + SLEPT_MS) {
      // The timeout fired late because the machine slept. Earlier failures say nothing about the network now.
      this.#retry.reset();
    } else {
      retryInMs = this.#retry.next(error);
      this.#notBeforeMs = this.#nowMs() + retryAfterMs(error);
    }
    this.#emit("error", { error, retryInMs });
    return retryInMs;
  }

  /** Runs the exchanges of a burst. Returns how many were useful. A failure after a useful exchange only ends the burst. */
  async #exchanges(): Promise<number> {
    const size = this.#size();
    const startedMs = this.#nowMs();
    // The very first request, and the first after a sleep, waits for a connection, which delays only its way there.
    const isFirst = size > 1 && (this.#successes === 0 || this.#isDisrupted());
    let heard = 0;
    for (let count = 0; count < size; count += 1) {
      if (heard >= ENOUGH_EXCHANGES && this.#nowMs() - startedMs > BURST_MS) {
        break;
      }
      try {
        if (!(await this.#exchange(count > 0 || !isFirst))) {
          break;
        }
        heard += 1;
      } catch (error) {
        if (heard === 0 || this.#isClosed) {
          throw error;
        }
        break;
      }
    }
    return heard;
  }

  #size(): number {
    const nowMs = this.#budgetMs();
    const left = this.#budget.left(nowMs);
    if (!this.#isDisrupted()) {
      return Math.min(planned(this.#successes).exchanges, Math.max(0, left - RESERVE));
    }
    // Keeps some for the next disruption.
    const size = Math.min(AFTER_DISRUPTION, Math.ceil(left / 2));
    return size > 0 || !this.#budget.mayAskOnce(nowMs, this.#estimate.possibleSleepMs) ? size : 1;
  }

  #isDisrupted(): boolean {
    return this.#estimate.disruptions !== this.#disruptionsKnown;
  }

  /** Runs one exchange. Returns whether it was useful. */
  async #exchange(isEvidence: boolean): Promise<boolean> {
    const request = new AbortController();
    this.#request = request;
    const late = `no response from the server within ${TIMEOUT_MS / 1_000} s`;
    let reason: unknown;
    const giveUp = (): void => {
      reason = new SessionError("timeout", late);
      request.abort(reason);
    };
    const cancel = this.#parts.timers.set(giveUp, TIMEOUT_MS);
    const { disruptions } = this.#estimate;
    const undo = this.#budget.take(this.#budgetMs());
    this.#askedMs = this.#nowMs();
    try {
      const exchange = await this.#parts.ask(request.signal);
      const isUseful = this.#estimate.disruptions === disruptions && !this.#isClosed;
      if (isUseful) {
        this.#estimate.add(exchange, isEvidence);
        if (!this.#estimate.isReady) {
          // A rough reading is worth more than none, and its error is known.
          this.#estimate.settle();
          this.#noteSynced();
        } else if (this.#isDisrupted()) {
          // The clock may be so wrong that it cannot wait for the rest of the burst.
          this.#estimate.settleIfWrong();
        }
      }
      return isUseful;
    } catch (error) {
      if ((error as { code?: unknown } | undefined)?.code === "unreachable") {
        undo();
      }
      // Not every signal keeps the reason.
      throw reason ?? error;
    } finally {
      cancel();
      this.#request = undefined;
    }
  }

  #settle(): void {
    this.#retry.reset();
    this.#isHurried = false;
    this.#disruptionsKnown = this.#estimate.disruptions;
    this.#estimate.settle(this.#successes === 0);
    this.#successes += 1;
    const reading = this.#estimate.read();
    if (reading !== undefined) {
      this.#emit("sync", reading);
    }
    this.#noteSynced();
  }

  /** Reports whether `synced` has turned, and plans the moment at which it will by time alone. */
  #noteSynced(): void {
    this.#cancelCheck();
    const isSynced = this.#estimate.read()?.synced === true;
    if (isSynced !== this.#wasSynced) {
      this.#wasSynced = isSynced;
      this.#emit("synced", isSynced);
    }
    if (isSynced && !this.#isClosed) {
      const leftMs = Math.max(this.#estimate.syncedForMs + 1, SHORTEST_CHECK_MS);
      this.#cancelCheck = this.#parts.timers.set(() => this.#noteSynced(), leftMs);
    }
  }

  #emit<Name extends keyof ClockEvents>(event: Name, payload: ClockEvents[Name]): void {
    if (!this.#isClosed) {
      this.#listeners.emit(event, payload);
    }
  }

  #jittered(ms: number): number {
    return ms * (1 + JITTER * (2 * this.#parts.random() - 1));
  }

  #nowMs(): number {
    return this.#parts.time.monotonicMs();
  }

  /** The time the budget goes by: it includes time asleep. */
  #budgetMs(): number {
    return this.#nowMs() + this.#estimate.sleptMs;
  }
}

/** Returns the burst that follows after a number of successful ones. */
function planned(successes: number): Burst {
  return AT_START[successes] ?? LATER;
}

function nothing(): void {
  // There is nothing to undo.
}
