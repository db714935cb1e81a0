/**
 * Elects the tab that holds the event stream of a server. The leader holds a Web Lock, which the browser gives to the next tab when
 * the leader closes. A leader that is frozen or hidden keeps its lock, so other tabs take it away.
 */
import type { Platform } from "../platform.js";

/** The inputs and outputs of an election. */
export interface LeaderParts {
  readonly platform: Platform;
  /** The name of the lock. */
  readonly name: string;
  /** This tab leads from now on. */
  lead(): void;
  /** Another tab has taken the lead. */
  follow(): void;
  /** The leader does not respond. */
  silent(): void;
  /** Asks the leader to speak. */
  ask(): void;
  /** Tells the other tabs about this leader. */
  speak(): void;
  /** Locks do not work here. */
  giveUp(): void;
}

/** After how long without a word from the leader to ask it, and how long it may take to answer, in milliseconds. */
const QUIET_MS = 5_000;
const ANSWER_MS = 3_000;
/** How long a leader may be hidden before a visible tab takes its place, in milliseconds. */
const HIDDEN_MS = 5_000;
const EARLY_MS = 50;
/** Tabs wait for a random time up to this, in milliseconds, so that one of them acts before the others. */
const SPREAD_MS = 1_000;

/** One tab's part in the election, until it ends. */
export class StreamLeader {
  readonly #parts: LeaderParts;
  readonly #listening = new AbortController();
  #isLeading = false;
  /** Since when this tab is known to be hidden, by the monotonic clock; `undefined` while it is visible. */
  #hiddenSinceMs: number | undefined;
  /** Whether this tab may take the lock away from others. */
  #mayTake = true;
  #isTaking = false;
  /** Identifies the request for the lock that counts. */
  #request: object | undefined;
  /** Withdraws the request, or gives the lock back. */
  #release: () => void = nothing;
  #cancelTimer: () => void = nothing;

  constructor(parts: LeaderParts) {
    this.#parts = parts;
    const { document } = parts.platform;
    document?.addEventListener("visibilitychange", () => this.#onVisibility(), this.#listening);
    this.#queue();
    this.#askNow();
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Whether another tab should lead, because this one is hidden. Does not rely on events, which some ways of hiding do not send. */
  get isAway(): boolean {
    const nowMs = this.#parts.platform.time.monotonicMs();
    this.#hiddenSinceMs = this.#isHidden ? (this.#hiddenSinceMs ?? nowMs) : undefined;
    return this.#hiddenSinceMs !== undefined && nowMs - this.#hiddenSinceMs >= HIDDEN_MS;
  }

  /** Notes that the leader lives. */
  heard(): void {
    if (!(this.#isLeading || this.#isTaking)) {
      this.#watch();
    }
  }

  /** Notes whether the leader is hidden. A visible tab then takes its place. */
  heardWhere(isAway: boolean): void {
    // This tab hears the others after all.
    this.#mayTake = true;
    this.#isTaking &&= isAway;
    if (isAway && !this.#isHidden && !this.#isLeading) {
      this.#takeSoon();
    } else {
      this.heard();
    }
  }

  /** Gives the lock back. */
  end(): void {
    this.#isLeading = false;
    this.#listening.abort();
    this.#cancelTimer();
    this.#request = undefined;
    this.#release();
  }

  get #isHidden(): boolean {
    return this.#parts.platform.document?.visibilityState === "hidden";
  }

  get #spreadMs(): number {
    return this.#parts.platform.random() * SPREAD_MS;
  }

  #setTimer(run: () => void, delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.platform.timers.set(run, delayMs);
  }

  /** Waits for the lock. */
  #queue(): void {
    const waiting = new AbortController();
    this.#release = () => waiting.abort();
    void this.#requestLock({ signal: waiting.signal });
  }

  /** Settles when the tab no longer has the lock. */
  async #requestLock(options: { signal?: AbortSignal; steal?: boolean }): Promise<void> {
    const request = {};
    this.#request = request;
    try {
      await this.#parts.platform.locks?.request(this.#parts.name, options, async () => {
        if (this.#request === request) {
          await this.#granted();
        }
      });
    } catch {
      if (this.#request === request) {
        this.#refused();
      }
    }
  }

  /** Leads until the lock is released. */
  #granted(): Promise<void> {
    return new Promise((resolve) => {
      this.#release = resolve;
      this.#isLeading = true;
      this.#isTaking = false;
      // A tab that was hidden before it led is away at once.
      this.#hiddenSinceMs = Number.NEGATIVE_INFINITY;
      this.#cancelTimer();
      this.#parts.lead();
    });
  }

  /** Another tab has taken the lock, or there are no locks. */
  #refused(): void {
    if (!this.#isLeading) {
      this.#parts.giveUp();
      return;
    }
    // A tab that took the lock from one that was there does not hear the others, so the two would take it from each other for ever.
    this.#mayTake = this.isAway;
    this.#isLeading = false;
    this.#parts.follow();
    this.#queue();
    this.#askNow();
  }

  /** Asks the leader if it says nothing for a while. One tab asks before the others, and all hear the answer. */
  #watch(): void {
    this.#setTimer(() => this.#askNow(), QUIET_MS + this.#spreadMs);
  }

  #askNow(): void {
    this.#setTimer(() => this.#onSilence(), ANSWER_MS);
    this.#parts.ask();
  }

  #onSilence(): void {
    this.#parts.silent();
    this.#takeSoon();
  }

  #takeSoon(): void {
    if (!this.#mayTake) {
      this.#watch();
    } else if (!this.#isTaking) {
      this.#isTaking = true;
      this.#setTimer(() => this.#take(), this.#spreadMs);
    }
  }

  #take(): void {
    this.#request = undefined;
    this.#release();
    this.#release = nothing;
    void this.#requestLock({ steal: true });
    this.#setTimer(() => this.#parts.giveUp(), ANSWER_MS);
  }

  #onVisibility(): void {
    // From now on, or no longer.
    this.#hiddenSinceMs = this.#isHidden ? this.#parts.platform.time.monotonicMs() : undefined;
    if (!this.#isLeading) {
      // The leader may be hidden.
      this.#parts.ask();
    } else if (this.#isHidden) {
      // Timers may run a little early.
      this.#setTimer(() => this.#parts.speak(), HIDDEN_MS + EARLY_MS);
    } else {
      this.#cancelTimer();
      this.#parts.speak();
    }
  }
}

function nothing(): void {
  // There is nothing to cancel.
}
