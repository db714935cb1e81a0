/**
 * A clock of the server's time: asks for it in bursts of exchanges, and keeps time in between.
 */
import { dispose } from "../engine/handle.js";
import { SessionError } from "../http/error.js";
import { Listeners } from "../listeners.js";
import { Budget } from "./budget.js";
import { type ClockReading, Estimate } from "./estimate.js";
import type { AskTime, Random, Sign, Signs, Timers, TimeSource } from "./ports.js";

export type { ClockReading } from "./estimate.js";

/** What a clock is made of. */
export interface ClockParts {
  readonly time: TimeSource;
  readonly timers: Timers;
  readonly random: Random;
  readonly ask: AskTime;
  readonly signs?: Signs | undefined;
  /** Closes the clock when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Where it asks, if it asks over HTTP. */
  readonly address?: string | undefined;
}

/** What a clock tells. */
export interface ClockEvents {
  /** It was compared with the server's time. */
  sync: ClockReading;
  /** A question was not answered; the clock goes on by itself and asks again. Carries why. */
  silence: unknown;
}

/** Some exchanges one after the other, after a pause in milliseconds. */
interface Burst {
  readonly pauseMs: number;
  readonly exchanges: number;
}

/** The first bursts. They come thick, because the drift is not known yet; sixteen exchanges in the first half minute. */
const AT_START: readonly Burst[] = [
  { pauseMs: 0, exchanges: 6 },
  { pauseMs: 2_000, exchanges: 2 },
  { pauseMs: 4_000, exchanges: 2 },
  { pauseMs: 8_000, exchanges: 2 },
  { pauseMs: 13_000, exchanges: 4 },
  { pauseMs: 18_000, exchanges: 4 },
];
/**
 * All others: at most six exchanges in any minute. Three together, because the first has to wait for a connection to be made, or
 * for a mobile radio to wake up.
 */
const LATER: Burst = { pauseMs: 32_000, exchanges: 3 };
/** So many questions of the budget are left for what cannot wait; and one more, see `Budget`. */
const RESERVE = 1;
/** Exchanges after the machine's clocks were upset. */
const AFTER_UPSET = 4;
/** A page that was told too late that it was asleep has heard the server since within this time, in milliseconds. */
const TOLD_LATE_MS = 2_000;
/** A burst over a slow path ends after this time, in milliseconds, once it has brought enough. */
const BURST_MS = 1_000;
const ENOUGH_EXCHANGES = 3;
/** An answer that takes longer is not waited for, in milliseconds. */
const PATIENCE_MS = 5_000;
/** A timer that is so late was asleep. */
const SLEPT_MS = 2_000;
/** The pause after a question that was not answered, in milliseconds: doubled each time, up to the longest. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** The pause while the budget is used up. */
const NO_BUDGET_MS = 1_000;
/** Pauses are up to this part shorter or longer, so that clients that started together do not ask together. */
const JITTER = 0.05;

/** A running clock. It asks until it is closed. */
export class Clock {
  readonly #parts: ClockParts;
  readonly #estimate: Estimate;
  readonly #budget = new Budget();
  readonly #listeners = new Listeners<ClockEvents>();
  readonly #ignoreSigns: () => void;
  readonly #onAbort = (): void => this.close();
  #isClosed = false;
  #cancelTimer: () => void = nothing;
  /** The question under way. */
  #question: AbortController | undefined;
  #askedMs = 0;
  #isInBurst = false;
  /** How many bursts have brought something, and how many questions in a row have not been answered. */
  #successes = 0;
  #failures = 0;
  /** How often the clocks had been upset when a burst brought something last, and when the last burst began. */
  #upsetsKnown = 0;
  #upsetsAtBurst = 0;
  /** Whether somebody who reads has made it ask at once, since then. */
  #isHurried = false;

  constructor(parts: ClockParts) {
    this.#parts = parts;
    this.#estimate = new Estimate(parts.time);
    this.#ignoreSigns = parts.signs?.((sign) => this.#heed(sign)) ?? nothing;
    parts.signal?.addEventListener("abort", this.#onAbort);
    if (parts.signal?.aborted) {
      this.close();
    } else {
      void this.#askBurst();
    }
  }

  /** Where it asks for the time: a session of another server cannot be connected with it. */
  get address(): string | undefined {
    return this.#parts.address;
  }

  /** Whether {@link Clock.close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the clock was set. Before that it says nothing. */
  get isReady(): boolean {
    return this.#estimate.isReady;
  }

  /** The server's time, in milliseconds since the Unix epoch, with a fraction. Never goes backward. */
  get now(): number {
    return this.read().now;
  }

  /** By how much {@link Clock.now} may be wrong at most, in milliseconds. */
  get errorMs(): number {
    return this.read().errorMs;
  }

  /** Whether the server was heard lately, and nothing has happened since that may have upset the clock. */
  get synced(): boolean {
    return this.read().synced;
  }

  /** All three at once, of one moment. The clock must be ready, as those are that {@link openClock} and sessions give. */
  read(): ClockReading {
    const reading = this.#estimate.read();
    if (reading === undefined) {
      throw new SessionError("not_ready", "the clock was read before it was ready");
    }
    if (!(reading.synced || this.#isHurried)) {
      this.#isHurried = true;
      this.#hurry();
    }
    return reading;
  }

  /** Has a listener called at each event, until the function that this returns is called, or the clock is closed. */
  on<Name extends keyof ClockEvents>(
    event: Name,
    listener: (happened: ClockEvents[Name]) => void,
  ): () => void {
    return this.#isClosed ? nothing : this.#listeners.add(event, listener);
  }

  /** Ends all questions and forgets who listens. It still keeps time. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#question?.abort();
    this.#ignoreSigns();
    this.#parts.signal?.removeEventListener("abort", this.#onAbort);
    this.#listeners.clear();
  }

  /** The same as {@link Clock.close}; called at the end of the block by `using clock = ...`. */
  [dispose](): void {
    this.close();
  }

  #heed(sign: Sign): void {
    if (sign === "woken" && !(this.#isUpset() || this.#estimate.hasHeardWithin(TOLD_LATE_MS))) {
      this.#estimate.upset();
    }
    if (this.#failures > 0 || this.#estimate.read()?.synced === false) {
      this.#hurry();
    }
  }

  /** Asks at once. A question from before the clocks were upset is not waited for: its answer would tell nothing. */
  #hurry(): void {
    if (this.#isInBurst && this.#estimate.upsets !== this.#upsetsAtBurst) {
      this.#question?.abort(new Error("the machine's clocks were upset meanwhile"));
    }
    this.#askAfter(0);
  }

  #askAfter(delayMs: number): void {
    if (!(this.#isClosed || this.#isInBurst)) {
      this.#cancelTimer();
      this.#cancelTimer = this.#parts.timers.set(() => void this.#askBurst(), delayMs);
    }
  }

  /** Asks one burst, and has the next asked later. */
  async #askBurst(): Promise<void> {
    this.#isInBurst = true;
    this.#upsetsAtBurst = this.#estimate.upsets;
    const outcome = await this.#exchanges().catch((error: unknown) => ({ error }));
    this.#isInBurst = false;
    this.#askAfter(this.#conclude(outcome));
  }

  /** Makes of a burst what can be made. Gives the pause before the next, in milliseconds. */
  #conclude(outcome: number | { readonly error: unknown }): number {
    if (this.#estimate.upsets !== this.#upsetsAtBurst) {
      return 0;
    }
    if (outcome === 0) {
      return NO_BUDGET_MS;
    }
    if (typeof outcome === "number") {
      this.#settle();
      return this.#jittered(planned(this.#successes).pauseMs);
    }
    if (this.#nowMs() - this.#askedMs > PATIENCE_MS + SLEPT_MS) {
      // It was given up so late because the machine slept meanwhile. What failed before says nothing of now.
      this.#failures = 0;
      this.#tell("silence", outcome.error);
      return 0;
    }
    const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    this.#tell("silence", outcome.error);
    return this.#jittered(pauseMs);
  }

  /** Some exchanges. Gives how many have told something; those before a failure count if there are any. */
  async #exchanges(): Promise<number> {
    const size = this.#size();
    const startedMs = this.#nowMs();
    // The very first has to wait for a connection, and the first after a sleep too, on the way there alone.
    const isFirst = size > 1 && (this.#successes === 0 || this.#isUpset());
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
    if (!this.#isUpset()) {
      return Math.min(planned(this.#successes).exchanges, Math.max(0, left - RESERVE));
    }
    // Some are left for the next time.
    const size = Math.min(AFTER_UPSET, Math.ceil(left / 2));
    return size > 0 || !this.#budget.mayAskOnce(nowMs, this.#estimate.perhapsSleptMs) ? size : 1;
  }

  #isUpset(): boolean {
    return this.#estimate.upsets !== this.#upsetsKnown;
  }

  /** One exchange. Gives whether it has told something. */
  async #exchange(isEvidence: boolean): Promise<boolean> {
    const question = new AbortController();
    this.#question = question;
    const late = `the server did not tell the time within ${PATIENCE_MS / 1_000} s`;
    const giveUp = (): void => question.abort(new SessionError("timeout", late));
    const cancel = this.#parts.timers.set(giveUp, PATIENCE_MS);
    const { upsets } = this.#estimate;
    const takeBack = this.#budget.take(this.#budgetMs());
    this.#askedMs = this.#nowMs();
    try {
      const exchange = await this.#parts.ask(question.signal);
      const isOfUse = this.#estimate.upsets === upsets && !this.#isClosed;
      if (isOfUse) {
        this.#estimate.add(exchange, isEvidence);
        if (this.#estimate.isReady && this.#isUpset()) {
          // It may be so wrong that it cannot wait for the rest of the burst.
          this.#estimate.settleIfWrong();
        }
      }
      return isOfUse;
    } catch (error) {
      if ((error as { code?: unknown } | undefined)?.code === "unreachable") {
        takeBack();
      }
      throw error;
    } finally {
      cancel();
      this.#question = undefined;
    }
  }

  #settle(): void {
    this.#successes += 1;
    this.#failures = 0;
    this.#isHurried = false;
    this.#upsetsKnown = this.#estimate.upsets;
    this.#estimate.settle();
    const reading = this.#estimate.read();
    if (reading !== undefined) {
      this.#tell("sync", reading);
    }
  }

  #tell<Name extends keyof ClockEvents>(event: Name, happened: ClockEvents[Name]): void {
    if (!this.#isClosed) {
      this.#listeners.tell(event, happened);
    }
  }

  #jittered(ms: number): number {
    return ms * (1 + JITTER * (2 * this.#parts.random() - 1));
  }

  #nowMs(): number {
    return this.#parts.time.monotonicMs();
  }

  /** Minutes go by while the machine sleeps. */
  #budgetMs(): number {
    return this.#nowMs() + this.#estimate.sleptMs;
  }
}

/** The burst that follows so many others. */
function planned(successes: number): Burst {
  return AT_START[successes] ?? LATER;
}

function nothing(): void {
  // There is nothing to take back.
}
