import type { Clock, ClockReading } from "../clock/clock.js";
import type { Draw } from "../engine/draw.js";
import { dispose } from "../engine/handle.js";
import type { State } from "../engine/session.js";
import { Timeline } from "../engine/timeline.js";
import type { SessionAddress } from "../http/address.js";
import { SessionError } from "../http/error.js";
import type { SessionRecord } from "../http/schemas.js";
import { Listeners } from "../listeners.js";
import type { Platform } from "../platform.js";
import { News } from "./news.js";
import { type CatchUp, Ticker } from "./ticker.js";

/** That a session has stopped. */
export interface Stopped {
  /** When, in milliseconds since the Unix epoch. */
  readonly stoppedAt: number;
  /** What the state stays from then on. */
  readonly state: State;
  /** Whether the stop was learned after it had taken effect. Then the state may have gone on too far, and is put back. */
  readonly isLate: boolean;
  /** How many steps the state was put back by; 0 unless it is late. */
  readonly stepsTakenBack: number;
}

/** The earliest and the latest state that a session can be in. */
export interface StateRange {
  readonly earliest: State;
  readonly latest: State;
}

/** A timeline that somebody else frees and stops. */
export type SessionTimeline = Omit<Timeline, "free" | "stopAt" | typeof Symbol.dispose>;

/** What a live session tells. */
export interface SessionEvents {
  /** A step has begun. Every step is told, in order, none twice, as far as `catchUp` says. */
  tick: State;
  /** The counter has broken: the same as the tick of that step, told after it. */
  break: State;
  /** The session has stopped. Told after its last tick; or at once if that is learned late. */
  stopped: Stopped;
  /** The clock was compared with the server's. */
  sync: ClockReading;
  /** Whether news of a stop now arrive by themselves. While they do not, the session is asked for again and again. */
  listening: boolean;
  /** The server has the session no more. The state goes on as before. */
  expired: undefined;
}

/** What a live session is made of. */
export interface LiveParts {
  readonly platform: Platform;
  readonly address: SessionAddress;
  readonly record: SessionRecord;
  readonly clock: Clock;
  /** Tells that this session does not need the clock any more. */
  readonly giveBackClock: () => void;
  readonly catchUp: CatchUp;
  /** Closes the session when it is aborted. */
  readonly signal: AbortSignal | undefined;
}

/**
 * A session whose state is known at every moment. Comes from {@link connect}; {@link LiveSession.close} ends it.
 *
 * The state is computed from the session and the clock whenever it is asked for. Nothing is received for it, so it goes on
 * without a network, as exactly as the clock does.
 */
export class LiveSession {
  readonly #platform: Platform;
  readonly #clock: Clock;
  readonly #giveBackClock: () => void;
  readonly #timeline: Timeline;
  readonly #ticker: Ticker;
  readonly #news: News;
  readonly #listeners = new Listeners<SessionEvents>();
  readonly #undo: (() => void)[];
  #record: SessionRecord;
  #late = { isLate: false, stepsTakenBack: 0 };
  /** The stop, once it was told. */
  #stopped: Stopped | undefined;
  #isExpired = false;
  #isClosed = false;

  /** @internal */
  constructor({ platform, address, record, clock, giveBackClock, catchUp, signal }: LiveParts) {
    this.#platform = platform;
    this.#record = record;
    this.#clock = clock;
    this.#giveBackClock = giveBackClock;
    this.#timeline = new Timeline(record);
    this.#ticker = this.#makeTicker(catchUp);
    this.#news = new News(platform, address, {
      session: (heard) => this.#hear(heard),
      isFinal: () => this.#isStopFinal(),
      final: () => this.#rest(),
      expired: () => this.#expire(),
      listening: (isListening) => this.#listeners.tell("listening", isListening),
    });
    this.#undo = [...this.#follow(clock), this.#closeWith(signal)];
    // A stop that has passed is told here, to nobody.
    this.#ticker.stopAt(this.stoppedAt ?? Number.POSITIVE_INFINITY);
  }

  /** The session as the server has it, as far as is known. */
  get record(): SessionRecord {
    return this.#record;
  }

  /** The server's time, and how well it is known. */
  get clock(): Clock {
    return this.#clock;
  }

  /** When the session stops or has stopped, in milliseconds since the Unix epoch; `undefined` if it does not. */
  get stoppedAt(): number | undefined {
    return this.#record.stopped_at == null ? undefined : Date.parse(this.#record.stopped_at);
  }

  /** Whether it has stopped. */
  get isStopped(): boolean {
    return this.#now() >= (this.stoppedAt ?? Number.POSITIVE_INFINITY);
  }

  /** Whether news of a stop arrive by themselves at the moment, as far as can be known. Not once it has stopped. */
  get isListening(): boolean {
    return this.#news.isListening;
  }

  /** Whether the server has the session no more. */
  get isExpired(): boolean {
    return this.#isExpired;
  }

  /** Whether {@link LiveSession.close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * The state now, in the server's time. Before the start it is step 0, value 0, round 0, not broken.
   *
   * @throws {@link SessionError} `closed` after {@link LiveSession.close}.
   */
  state(): State {
    return this.#open().stateAt(this.#now());
  }

  /**
   * The states at the earliest and at the latest instant that it can be now, given `clock.errorMs`. They are the same nearly
   * always, unless ticks are short or the clock is not synced.
   *
   * @throws {@link SessionError} `closed` after {@link LiveSession.close}.
   */
  stateRange(): StateRange {
    const timeline = this.#open();
    const { now, errorMs } = this.#clock.read();
    return {
      earliest: timeline.stateAt(instant(now - errorMs)),
      latest: timeline.stateAt(instant(now + errorMs)),
    };
  }

  /**
   * The shared dice of a step, at their first word: the same for everybody.
   *
   * @param channel Any name, 1 to 64 bytes of UTF-8. Draws of two channels are independent.
   * @param step The step that runs now, if left out; before the start step 0. A listener to ticks names the step that it was
   *   told: if ticks are caught up with, another one runs by now.
   * @throws {@link SessionError} `closed` after {@link LiveSession.close}; {@link EngineError} for `channel` or `step`.
   */
  draw(channel: string, step: number = this.state().step): Draw {
    return this.#open().draw(step, channel);
  }

  /**
   * The session's timeline, which answers for any step. It belongs to the session, and is freed with it.
   *
   * @throws {@link SessionError} `closed` after {@link LiveSession.close}.
   */
  get timeline(): SessionTimeline {
    return this.#open();
  }

  /**
   * Has a listener called at each event, until the function that this returns is called, or the session is closed. Ticks are
   * those that begin from now on. If the session has stopped already, `stopped` is told soon after.
   *
   * @example
   * ```ts
   * const off = session.on("tick", ({ value }) => draw(value));
   * session.on("stopped", ({ state, isLate }) => freeze(state, isLate));
   * ```
   */
  on<Name extends keyof SessionEvents>(
    event: Name,
    listener: (happened: SessionEvents[Name]) => void,
  ): () => void {
    this.#open();
    const wasHeard = this.#isHeard();
    const off = this.#listeners.add(event, listener);
    if (!wasHeard && this.#isHeard()) {
      this.#ticker.begin();
    }
    return event === "stopped" ? this.#tellStopAgain(listener as (stopped: Stopped) => void, off) : off;
  }

  /** Tells somebody who listens late of a stop that was told. Gives what takes the listener back, from that too. */
  #tellStopAgain(listener: (stopped: Stopped) => void, off: () => void): () => void {
    let isWanted = true;
    const stopped = this.#stopped;
    if (stopped !== undefined) {
      queueMicrotask(() => {
        if (isWanted && !this.#isClosed) {
          listener(stopped);
        }
      });
    }
    return () => {
      isWanted = false;
      off();
    };
  }

  /** Ends timers, streams and listeners, and gives memory back. Closing it again does nothing. */
  close(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    for (const undo of this.#undo) {
      undo();
    }
    this.#ticker.end();
    this.#news.close();
    this.#listeners.clear();
    this.#timeline.free();
    this.#giveBackClock();
  }

  /** The same as {@link LiveSession.close}; called at the end of the block by `using session = ...`. */
  [dispose](): void {
    this.close();
  }

  #open(): Timeline {
    if (this.#isClosed) {
      throw new SessionError("closed", "the session was closed");
    }
    return this.#timeline;
  }

  /** The server's time, in whole milliseconds: what has begun has begun, so fractions are cut off. */
  #now(): number {
    return instant(this.#clock.read().now);
  }

  #isHeard(): boolean {
    return this.#listeners.has("tick") || this.#listeners.has("break");
  }

  #makeTicker(catchUp: CatchUp): Ticker {
    const { time, timers } = this.#platform;
    return new Ticker({
      timeline: this.#timeline,
      timers,
      catchUp,
      now: () => this.#now(),
      monotonicMs: () => time.monotonicMs(),
      isHeard: () => this.#isHeard(),
      tick: (step) => this.#tick(step),
      stopped: () => this.#tellStop(),
    });
  }

  /** Looks again whenever time may have jumped, and asks for news whenever the network may have been away. */
  #follow(clock: Clock): (() => void)[] {
    let wasSilent = false;
    return [
      clock.on("silence", () => {
        wasSilent = true;
      }),
      clock.on("sync", (reading) => {
        if (wasSilent) {
          wasSilent = false;
          this.#news.refresh();
        }
        this.#ticker.look();
        this.#listeners.tell("sync", reading);
      }),
      this.#platform.signs((sign) => {
        this.#ticker.look();
        if (sign === "woken" || !this.#news.isListening) {
          this.#news.refresh();
        }
      }),
    ];
  }

  #closeWith(signal: AbortSignal | undefined): () => void {
    const close = (): void => this.close();
    signal?.addEventListener("abort", close);
    return () => signal?.removeEventListener("abort", close);
  }

  #tick(step: number): void {
    const state = this.#timeline.state(step);
    this.#listeners.tell("tick", state);
    // A listener may have closed the session.
    if (state.broken && !this.#isClosed) {
      this.#listeners.tell("break", state);
    }
  }

  #tellStop(): void {
    const stoppedAt = this.stoppedAt ?? this.#now();
    const state = this.#timeline.stateAt(stoppedAt);
    this.#stopped = { stoppedAt, state, ...this.#late };
    this.#listeners.tell("stopped", this.#stopped);
  }

  /** Whether the stop has passed for certain, so that the server takes no other any more. */
  #isStopFinal(): boolean {
    const { now, errorMs } = this.#clock.read();
    return this.#stopped !== undefined && now - errorMs >= this.#stopped.stoppedAt;
  }

  /** Asks nobody any more: what is frozen for good needs neither news nor the time. */
  #rest(): void {
    this.#giveBackClock();
  }

  /** Takes in the session as the server has it now. An older one comes from a cache. */
  #hear(heard: SessionRecord): void {
    const { id, revision } = this.#record;
    if (this.#isClosed || heard.id !== id || heard.revision < revision) {
      return;
    }
    const known = this.stoppedAt;
    const now = this.#now();
    const before = this.#timeline.stepAt(now) ?? 0;
    // First what may refuse it.
    this.#timeline.stopAt(heard.stopped_at ?? null);
    this.#record = heard;
    const { stoppedAt } = this;
    if (stoppedAt !== known) {
      this.#stopped = undefined;
      const stepsTakenBack = Math.max(0, before - (this.#timeline.stepAt(now) ?? 0));
      this.#late = { isLate: stoppedAt !== undefined && stoppedAt < now, stepsTakenBack };
      this.#ticker.stopAt(stoppedAt ?? Number.POSITIVE_INFINITY);
    }
  }

  #expire(): void {
    this.#isExpired = true;
    this.#listeners.tell("expired", undefined);
  }
}

/** The last instant that there is: the end of the year 9999. */
const LAST_INSTANT = 253_402_300_799_999;

/** An instant that the engine takes, at or before a number of milliseconds. */
function instant(ms: number): number {
  return Math.min(Math.max(Math.floor(ms), 0), LAST_INSTANT);
}
