/**
 * A clock of the server's time: asks for it in bursts of exchanges, and keeps time in between.
 */
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

/** The first bursts. They are close together, because the drift is not known yet. */
const AT_START: readonly Burst[] = [
  { pauseMs: 0, exchanges: 8 },
  { pauseMs: 2_000, exchanges: 3 },
  { pauseMs: 4_000, exchanges: 3 },
  { pauseMs: 8_000, exchanges: 2 },
  { pauseMs: 10_000, exchanges: 2 },
];
/** All others. At most six exchanges in any minute: two are left for what cannot wait. */
const LATER: Burst = { pauseMs: 24_000, exchanges: 2 };
/** Exchanges after the machine's clocks were upset, as far as the budget goes. */
const AFTER_UPSET = 4;
/** A burst over a slow path ends after this time, in milliseconds, once it has brought enough. */
const BURST_MS = 1_000;
const ENOUGH_EXCHANGES = 3;
/** An answer that takes longer is not waited for, in milliseconds. */
const PATIENCE_MS = 5_000;
/** The pause after a question that was not answered, in milliseconds: doubled each time, up to the longest. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** The pause while the budget is used up. */
const NO_BUDGET_MS = 1_000;
/** Pauses are up to this part shorter or longer, so that clients that started together do not ask together. */
const JITTER = 0.1;

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
  #isInBurst = false;
  /** How many bursts have brought something, and how many questions in a row have not been answered. */
  #successes = 0;
  #failures = 0;
  /** How often the clocks had been upset when a burst brought something last. */
  #upsetsKnown = 0;
  /** Whether somebody who reads has made it ask at once, since then. */
  #isHurried = false;

  constructor(parts: ClockParts) {
    this.#parts = parts;
    this.#estimate = new Estimate(parts.time);
    this.#ignoreSigns = parts.signs?.((sign) => this.#heed(sign)) ?? nothing;
    parts.signal?.addEventListener("abort", this.#onAbort);
    void this.#askBurst();
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
      throw new Error("the clock was read before it was ready");
    }
    if (!(reading.synced || this.#isHurried)) {
      this.#isHurried = true;
      this.#askAfter(0);
    }
    return reading;
  }

  /** Has a listener called at each event, until the function that this returns is called. */
  on<Name extends keyof ClockEvents>(
    event: Name,
    listener: (happened: ClockEvents[Name]) => void,
  ): () => void {
    return this.#listeners.add(event, listener);
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

  #heed(sign: Sign): void {
    if (sign === "woken") {
      this.#estimate.upset();
    }
    if (sign === "woken" || this.#failures > 0 || this.#estimate.read()?.synced === false) {
      this.#askAfter(0);
    }
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
    let heard = 0;
    let pauseMs = NO_BUDGET_MS;
    try {
      heard = await this.#exchanges();
      if (heard > 0) {
        pauseMs = this.#jittered((AT_START[this.#successes + 1] ?? LATER).pauseMs);
      }
    } catch (error) {
      pauseMs = this.#jittered(Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS));
      this.#failures += 1;
      this.#tell("silence", error);
    }
    this.#isInBurst = false;
    if (heard > 0) {
      this.#settle();
    }
    this.#askAfter(pauseMs);
  }

  /** Some exchanges. Gives how many have told something; those before a failure count if there are any. */
  async #exchanges(): Promise<number> {
    const size = this.#size();
    const startedMs = this.#nowMs();
    let heard = 0;
    for (let count = 0; count < size; count += 1) {
      if (heard >= ENOUGH_EXCHANGES && this.#nowMs() - startedMs > BURST_MS) {
        break;
      }
      try {
        // The first may have had to wait for a connection, on the way there alone.
        heard += (await this.#exchange(count > 0 || size === 1)) ? 1 : 0;
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
    const planned = (AT_START[this.#successes] ?? LATER).exchanges;
    const wanted = this.#estimate.upsets === this.#upsetsKnown ? planned : Math.max(planned, AFTER_UPSET);
    return Math.min(wanted, this.#budget.left(this.#nowMs()));
  }

  /** One exchange. Gives whether it has told something. */
  async #exchange(isEvidence: boolean): Promise<boolean> {
    const question = new AbortController();
    this.#question = question;
    const giveUp = (): void => question.abort(new Error(`no answer within ${PATIENCE_MS} ms`));
    const cancel = this.#parts.timers.set(giveUp, PATIENCE_MS);
    const { upsets } = this.#estimate;
    this.#budget.take(this.#nowMs());
    try {
      const exchange = await this.#parts.ask(question.signal);
      const isOfUse = this.#estimate.upsets === upsets && !this.#isClosed;
      if (isOfUse) {
        this.#estimate.add(exchange, isEvidence);
      }
      return isOfUse;
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
}

function nothing(): void {
  // There is nothing to take back.
}
