import type { ClockView } from "../clock/view.js";
import type { Draw } from "../engine/draw.js";
import type { EngineError } from "../engine/error.js";
import { dispose } from "../engine/handle.js";
import type { SessionStatus, State } from "../engine/session.js";
import type { Timeline } from "../engine/timeline.js";
import { SessionError } from "../http/error.js";
import type { SessionRecord } from "../http/schemas.js";
import type { SessionAnswer } from "../http/session-answer.js";
import { Listeners } from "../listeners.js";
import type { Platform } from "../platform.js";
import { onAbort } from "../signal.js";
import { checkEvent, type SessionEvents, type Settled, type Stopped } from "./events.js";
import { type Difference, KnownSession } from "./known-session.js";
import { instant, type LiveParts, type SessionTimeline, type StateRange } from "./live-parts.js";
import { SettledPromise } from "./settled-promise.js";
import { StopReport } from "./stop-report.js";
import { type CatchUp, Ticker } from "./ticker.js";
import { watchClock } from "./watch-clock.js";
import { SessionWatcher } from "./watcher.js";

/**
 * A session whose state is known at every moment. Created by {@link connect}, ended by {@link LiveSession.close}.
 *
 * Each state is computed on demand from the session and the clock, not received. The session keeps running offline, as accurate
 * as the clock.
 */
export class LiveSession {
  readonly #platform: Platform;
  readonly #clock: ClockView;
  readonly #releaseClock: () => void;
  readonly #known: KnownSession;
  readonly #ticker: Ticker;
  readonly #watcher: SessionWatcher;
  readonly #promise: SettledPromise;
  readonly #listeners = new Listeners<SessionEvents>();
  readonly #cleanups: (() => void)[];
  readonly #stopReport = new StopReport();
  /** The status when the session was closed. */
  #lastStatus: SessionStatus | undefined;
  #isExpired = false;
  #isClosed = false;
  /** Why it was closed, if the program did not close it. */
  #unsupported: EngineError | undefined;

  /** @internal */
  constructor({ platform, address, answer, clock, releaseClock, catchUp, signal }: LiveParts) {
    this.#platform = platform;
    this.#clock = clock;
    this.#releaseClock = releaseClock;
    this.#known = new KnownSession(answer, clock.read());
    this.#ticker = this.#makeTicker(catchUp);
    this.#promise = this.#makePromise(answer);
    this.#watcher = new SessionWatcher(platform, address, {
      noticeMs: answer.record.notice_ms ?? 0,
      session: (newer, changesWereLost) => this.#update(newer, changesWereLost),
      settled: (etag, settledUntil) => this.#takePromise(etag, settledUntil),
      isFinal: () => this.#isStopFinal(),
      final: () => this.#finish(),
      expired: () => this.#expire(),
      listening: (isListening) => this.#listeners.emit("listening", isListening),
    });
    this.#cleanups = [...this.#watchClock(), this.#closeWith(signal)];
    // There is no listener yet for a stop in the past. `on` reports it later.
    this.#ticker.stopAt(this.#known.stop);
  }

  /** The session as last received from the server. */
  get record(): SessionRecord {
    return this.#known.record;
  }

  /** The entity tag of the record, for `ifMatch`; `undefined` if the server's responses do not show it. */
  get etag(): string | undefined {
    return this.#known.etag;
  }

  /** The clock that shows the server's time and its maximum error. */
  get clock(): ClockView {
    return this.#clock;
  }

  /** When the session stops or has stopped, in milliseconds since the Unix epoch; `undefined` without a stop. */
  get stoppedAt(): number | undefined {
    const { stop } = this.#known;
    return stop < Number.POSITIVE_INFINITY ? stop : undefined;
  }

  /** Whether the session is running, paused or stopped now. Once it is closed, the status stays as it was then. */
  get status(): SessionStatus {
    return this.#lastStatus ?? this.#timeline.statusAt(this.#now());
  }

  /** Whether the session has stopped. */
  get isStopped(): boolean {
    return this.status === "stopped";
  }

  /** Whether the session is paused now. */
  get isPaused(): boolean {
    return this.status === "paused";
  }

  /**
   * No change or stop that this session does not know of takes effect before this instant, in milliseconds since the Unix epoch.
   * Until then, the state never has to be put right. `undefined` if the server has promised nothing, as for sessions
   * without a notice; infinity once the session has stopped for good.
   */
  get settledUntil(): number | undefined {
    return this.#promise.until;
  }

  /** Whether the server's time certainly lies before {@link LiveSession.settledUntil}. */
  get isSettled(): boolean {
    return this.#promise.isSettled;
  }

  /** Whether the event stream is open, as far as is known. `false` after the session has stopped. */
  get isListening(): boolean {
    return this.#watcher.isListening;
  }

  /** Whether the server no longer has the session. */
  get isExpired(): boolean {
    return this.#isExpired;
  }

  /** Whether the session is closed: by {@link LiveSession.close}, by the signal, or because it is `unsupported`. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Returns the current state. Before the start it is step 0, value 0, round 0, not broken.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`.
   */
  state(): State {
    return this.#open().stateAt(this.#now());
  }

  /**
   * Returns the states at the earliest and the latest possible server time, given `clock.errorMs`. They are nearly always the
   * same, unless ticks are short or the clock is not synced.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`.
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
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`; {@link EngineError} for
   *   `channel` or `step`.
   */
  draw(channel: string, step: number = this.state().step): Draw {
    return this.#open().draw(step, channel);
  }

  /**
   * The session's timeline, which computes any step. It belongs to the session and is freed with it.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`.
   */
  get timeline(): SessionTimeline {
    return this.#open();
  }

  /**
   * Calls a listener at each event. Returns a function that removes it; closing the session removes it too. `tick` events
   * start with the next step. If the session has stopped already, `stopped` follows right away.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`; `unknown_event` for an event
   *   that does not exist.
   *
   * @example
   * ```ts
   * const off = session.on("state", ({ value }) => draw(value));
   * session.on("stopped", ({ state, isLate }) => freeze(state, isLate));
   * ```
   */
  on<Name extends keyof SessionEvents>(
    event: Name,
    listener: (happened: SessionEvents[Name]) => void,
  ): () => void {
    this.#open();
    checkEvent(event);
    const [hadListeners, isFirst] = [this.#hasListeners(), !this.#listeners.has(event)];
    const off = this.#listeners.add(event, listener);
    if (!hadListeners && this.#hasListeners()) {
      this.#ticker.begin();
    }
    if (event === "state" && isFirst) {
      this.#ticker.beginShowing();
    }
    const repeat = listener as (stopped: Stopped) => void;
    return event === "stopped" ? this.#stopReport.repeat(repeat, () => this.#isClosed, off) : off;
  }

  /** Ends timers, streams and listeners, and frees memory. Closing it again has no effect. */
  close(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#lastStatus = this.status;
    for (const cleanUp of this.#cleanups) {
      cleanUp();
    }
    this.#ticker.end();
    this.#promise.end();
    this.#watcher.close();
    this.#listeners.clear();
    this.#timeline.free();
    this.#releaseClock();
  }

  /** Calls {@link LiveSession.close} at the end of a block with `using session = ...`. */
  [dispose](): void {
    this.close();
  }

  get #timeline(): Timeline {
    return this.#known.timeline;
  }

  #open(): Timeline {
    if (this.#isClosed) {
      throw this.#unsupported ?? new SessionError("closed", "the session is closed");
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
      isShown: () => this.#listeners.has("state"),
      show: (step) => this.#listeners.emit("state", step < 0 ? this.state() : this.#timeline.state(step)),
      stopped: () => this.#reportStop(),
      status: (status) => this.#listeners.emit("status", status),
    });
  }

  #makePromise({ settledUntil }: SessionAnswer): SettledPromise {
    const parts = {
      timers: this.#platform.timers,
      read: () => this.#clock.read(),
      changed: (settled: Settled) => {
        if (!settled.isSettled) {
          this.#watcher.hurry();
        }
        this.#listeners.emit("settled", settled);
      },
    };
    return new SettledPromise(parts, settledUntil);
  }

  #watchClock(): (() => void)[] {
    return watchClock({
      clock: this.#clock,
      platform: this.#platform,
      watcher: this.#watcher,
      check: () => this.#check(),
      sync: (reading) => this.#listeners.emit("sync", reading),
    });
  }

  /** Checks the time, after it may have jumped. */
  #check(): void {
    this.#ticker.check();
    this.#promise.check();
  }

  #closeWith(signal: AbortSignal | undefined): () => void {
    return onAbort(signal, () => this.close());
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
    const { stop: stoppedAt } = this.#known;
    this.#listeners.emit("stopped", this.#stopReport.make(stoppedAt, this.#timeline.stateAt(stoppedAt)));
  }

  /** Returns whether the stop has certainly passed, so that the server accepts no other. */
  #isStopFinal(): boolean {
    const { now, errorMs } = this.#clock.read();
    const { stopped } = this.#stopReport;
    return stopped !== undefined && now - errorMs >= stopped.stoppedAt;
  }

  /** Gives the clock back: a session that has stopped for good needs no more time, and nothing changes any more. */
  #finish(): void {
    if (this.settledUntil !== undefined) {
      this.#promise.extend(Number.POSITIVE_INFINITY);
    }
    this.#releaseClock();
  }

  /** Applies a new version of the session. Returns whether the session is beyond doubt. */
  #update(answer: SessionAnswer, changesWereLost: boolean): boolean {
    if (this.#isClosed) {
      return true;
    }
    const now = this.#now();
    const before = this.#timeline.stepAt(now) ?? 0;
    const differsAt = this.#take(answer, changesWereLost);
    if (differsAt !== undefined) {
      const stepsTakenBack = Math.max(0, before - (this.#timeline.stepAt(now) ?? 0));
      this.#promise.replace(answer.settledUntil, Math.min(differsAt.stop, differsAt.schedule));
      this.#reportChange(differsAt, now, stepsTakenBack);
    }
    return !this.#known.isInDoubt;
  }

  /** Takes a new version of the session. Closes this one if its states would be wrong from now on. */
  #take(answer: SessionAnswer, changesWereLost: boolean): Difference | undefined {
    try {
      return this.#known.take(answer, changesWereLost, this.#clock.read());
    } catch (error) {
      this.#unsupported = error as EngineError;
      this.#listeners.emit("unsupported", this.#unsupported);
      this.close();
      return undefined;
    }
  }

  /** Reports a new schedule now, and a new stop when it takes effect. */
  #reportChange({ schedule: at, stop }: Difference, now: number, stepsTakenBack: number): void {
    const { record, stop: stoppedAt } = this.#known;
    const isStopNew =
      stop < Number.POSITIVE_INFINITY ||
      // The stop was reported, but its state has changed.
      (this.#stopReport.stopped !== undefined && at < stoppedAt);
    if (isStopNew) {
      this.#stopReport.renew({ isLate: stoppedAt < now, stepsTakenBack });
    }
    if (at < Number.POSITIVE_INFINITY) {
      const isLate = at < Math.min(now, stoppedAt);
      const state = this.#timeline.stateAt(now);
      this.#listeners.emit("changed", { schedule: record.schedule ?? [], at, state, isLate, stepsTakenBack });
    }
    if (isStopNew) {
      this.#ticker.stopAt(stoppedAt);
    } else {
      this.#ticker.check();
    }
  }

  /** Takes a promise about the session with an entity tag. Returns whether that is the session as it is known here. */
  #takePromise(etag: string, settledUntil: number): boolean {
    const isKnown = this.#known.hasTag(etag);
    if (isKnown) {
      this.#promise.extend(settledUntil);
    }
    return isKnown;
  }

  #expire(): void {
    this.#isExpired = true;
    this.#listeners.emit("expired", undefined);
  }
}
