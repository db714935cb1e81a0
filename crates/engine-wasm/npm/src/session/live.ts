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
import { type CatchUp, Ticker } from "./ticker.js";
import { SessionWatcher } from "./watcher.js";

/** A stop of a session. */
export interface Stopped {
  /** The instant of the stop, in milliseconds since the Unix epoch. */
  readonly stoppedAt: number;
  /** The state from then on. */
  readonly state: State;
  /** Whether the session learned of the stop after it took effect. The state may then have run too far and is set back. */
  readonly isLate: boolean;
  /** How many steps the state was set back by; 0 unless the stop is late. */
  readonly stepsTakenBack: number;
}

/** The earliest and the latest state that a session may be in. */
export interface StateRange {
  readonly earliest: State;
  readonly latest: State;
}

/** A timeline that the session frees and stops. */
export type SessionTimeline = Omit<Timeline, "free" | "stopAt" | typeof Symbol.dispose>;

/** The events of a live session. */
export interface SessionEvents {
  /** A step has begun. Steps come in order and never twice; `catchUp` decides about missed ones. */
  tick: State;
  /** The counter has broken. Comes after the `tick` of that step, with the same state. */
  break: State;
  /** The session has stopped. Comes after its last `tick`, or at once for a late stop. */
  stopped: Stopped;
  /** The clock was compared with the server's time. */
  sync: ClockReading;
  /** The event stream has opened (`true`) or broken (`false`). Without a stream the session polls the server. */
  listening: boolean;
  /** The server no longer has the session. The state keeps running. */
  expired: undefined;
}

/** The inputs of a live session. */
export interface LiveParts {
  readonly platform: Platform;
  readonly address: SessionAddress;
  readonly record: SessionRecord;
  readonly clock: Clock;
  /** Gives the clock back. */
  readonly releaseClock: () => void;
  readonly catchUp: CatchUp;
  /** Closes the session when aborted. */
  readonly signal: AbortSignal | undefined;
}

/**
 * A session whose state is known at every moment. Created by {@link connect}, ended by {@link LiveSession.close}.
 *
 * Each state is computed on demand from the session and the clock, not received. The session keeps running offline, as accurate
 * as the clock.
 */
export class LiveSession {
  readonly #platform: Platform;
  readonly #clock: Clock;
  readonly #releaseClock: () => void;
  readonly #timeline: Timeline;
  readonly #ticker: Ticker;
  readonly #watcher: SessionWatcher;
  readonly #listeners = new Listeners<SessionEvents>();
  readonly #cleanups: (() => void)[];
  #record: SessionRecord;
  #late = { isLate: false, stepsTakenBack: 0 };
  /** The stop, once it was reported. */
  #stopped: Stopped | undefined;
  #isExpired = false;
  #isClosed = false;

  /** @internal */
  constructor({ platform, address, record, clock, releaseClock, catchUp, signal }: LiveParts) {
    this.#platform = platform;
    this.#record = record;
    this.#clock = clock;
    this.#releaseClock = releaseClock;
    this.#timeline = new Timeline(record);
    this.#ticker = this.#makeTicker(catchUp);
    this.#watcher = new SessionWatcher(platform, address, {
      session: (newer, changesWereLost) => this.#update(newer, changesWereLost),
      isFinal: () => this.#isStopFinal(),
      final: () => this.#finish(),
      expired: () => this.#expire(),
      listening: (isListening) => this.#listeners.emit("listening", isListening),
    });
    this.#cleanups = [...this.#watchClock(clock), this.#closeWith(signal)];
    // There is no listener yet for a stop in the past. `on` reports it later.
    this.#ticker.stopAt(this.stoppedAt ?? Number.POSITIVE_INFINITY);
  }

  /** The session as last received from the server. */
  get record(): SessionRecord {
    return this.#record;
  }

  /** The clock that shows the server's time and its maximum error. */
  get clock(): Clock {
    return this.#clock;
  }

  /** When the session stops or has stopped, in milliseconds since the Unix epoch; `undefined` without a stop. */
  get stoppedAt(): number | undefined {
    return this.#record.stopped_at == null ? undefined : Date.parse(this.#record.stopped_at);
  }

  /** Whether the session has stopped. */
  get isStopped(): boolean {
    return this.#now() >= (this.stoppedAt ?? Number.POSITIVE_INFINITY);
  }

  /** Whether the event stream is open, as far as is known. `false` after the session has stopped. */
  get isListening(): boolean {
    return this.#watcher.isListening;
  }

  /** Whether the server no longer has the session. */
  get isExpired(): boolean {
    return this.#isExpired;
  }

  /** Whether {@link LiveSession.close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Returns the current state. Before the start it is step 0, value 0, round 0, not broken.
   *
   * @throws {@link SessionError} `closed` after {@link LiveSession.close}.
   */
  state(): State {
    return this.#open().stateAt(this.#now());
  }

  /**
   * Returns the states at the earliest and the latest possible server time, given `clock.errorMs`. They are nearly always the
   * same, unless ticks are short or the clock is not synced.
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
   * Returns the shared dice of a step at the first word. They are the same for every client.
   *
   * @param channel Any name of 1 to 64 bytes of UTF-8. Draws of different channels are independent.
   * @param step By default the current step, or step 0 before the start. In a `tick` listener pass the reported step: during
   *   catch-up the current step may be later.
   * @throws {@link SessionError} `closed` after {@link LiveSession.close}; {@link EngineError} for `channel` or `step`.
   */
  draw(channel: string, step: number = this.state().step): Draw {
    return this.#open().draw(step, channel);
  }

  /**
   * The session's timeline, which computes any step. It belongs to the session and is freed with it.
   *
   * @throws {@link SessionError} `closed` after {@link LiveSession.close}.
   */
  get timeline(): SessionTimeline {
    return this.#open();
  }

  /**
   * Calls a listener at each event. Returns a function that removes it; closing the session removes it too. `tick` events
   * start with the next step. If the session has stopped already, `stopped` follows right away.
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
    const hadListeners = this.#hasListeners();
    const off = this.#listeners.add(event, listener);
    if (!hadListeners && this.#hasListeners()) {
      this.#ticker.begin();
    }
    return event === "stopped" ? this.#repeatStop(listener as (stopped: Stopped) => void, off) : off;
  }

  /** Reports an earlier stop to a new listener. Returns a function that removes the listener. */
  #repeatStop(listener: (stopped: Stopped) => void, off: () => void): () => void {
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

  /** Ends timers, streams and listeners, and frees memory. Closing it again has no effect. */
  close(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    for (const cleanUp of this.#cleanups) {
      cleanUp();
    }
    this.#ticker.end();
    this.#watcher.close();
    this.#listeners.clear();
    this.#timeline.free();
    this.#releaseClock();
  }

  /** Calls {@link LiveSession.close} at the end of a block with `using session = ...`. */
  [dispose](): void {
    this.close();
  }

  #open(): Timeline {
    if (this.#isClosed) {
      throw new SessionError("closed", "the session is closed");
    }
    return this.#timeline;
  }

  /** The server's time in integer milliseconds, rounded down: a step begins when its millisecond does. */
  #now(): number {
    return instant(this.#clock.read().now);
  }

  #hasListeners(): boolean {
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
      hasListeners: () => this.#hasListeners(),
      tick: (step) => this.#tick(step),
      stopped: () => this.#reportStop(),
    });
  }

  /** Checks the ticker whenever time may have jumped, and refreshes the watcher after a possible outage. */
  #watchClock(clock: Clock): (() => void)[] {
    let wasSilent = false;
    return [
      clock.on("silence", () => {
        wasSilent = true;
      }),
      clock.on("sync", (reading) => {
        if (wasSilent) {
          wasSilent = false;
          this.#watcher.refresh();
        }
        this.#ticker.check();
        this.#listeners.emit("sync", reading);
      }),
      this.#platform.wakeEvents((event) => {
        this.#ticker.check();
        if (event === "woken" || !this.#watcher.isListening) {
          this.#watcher.refresh();
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
    this.#listeners.emit("tick", state);
    // A listener may have closed the session.
    if (state.broken && !this.#isClosed) {
      this.#listeners.emit("break", state);
    }
  }

  #reportStop(): void {
    const stoppedAt = this.stoppedAt ?? this.#now();
    const state = this.#timeline.stateAt(stoppedAt);
    this.#stopped = { stoppedAt, state, ...this.#late };
    this.#listeners.emit("stopped", this.#stopped);
  }

  /** Returns whether the stop has certainly passed, so that the server accepts no other. */
  #isStopFinal(): boolean {
    const { now, errorMs } = this.#clock.read();
    return this.#stopped !== undefined && now - errorMs >= this.#stopped.stoppedAt;
  }

  /** Gives the clock back: a session that has stopped for good needs no more time. */
  #finish(): void {
    this.#releaseClock();
  }

  /** Applies a new version of the session. Ignores older ones, which come from caches, unless the server has lost changes. */
  #update(record: SessionRecord, changesWereLost: boolean): void {
    const { id, revision } = this.#record;
    const isOlder = record.revision < revision && !changesWereLost;
    if (this.#isClosed || record.id !== id || isOlder) {
      return;
    }
    const known = this.stoppedAt;
    const now = this.#now();
    const before = this.#timeline.stepAt(now) ?? 0;
    // First the part that may throw.
    this.#timeline.stopAt(record.stopped_at ?? null);
    this.#record = record;
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
    this.#listeners.emit("expired", undefined);
  }
}

/** The last valid instant: the end of the year 9999. */
const LAST_INSTANT = 253_402_300_799_999;

/** Rounds a time down to an instant that the engine accepts. */
function instant(ms: number): number {
  return Math.min(Math.max(Math.floor(ms), 0), LAST_INSTANT);
}
