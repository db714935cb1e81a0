import { onAbort } from "../abort.js";
import type { ClockView } from "../clock/view.js";
import type { EngineError } from "../engine/error.js";
import { dispose } from "../engine/handle.js";
import type { SessionStatus } from "../engine/session.js";
import type { Timeline } from "../engine/timeline.js";
import { SessionError } from "../http/error.js";
import type { SessionRecord } from "../http/schemas.js";
import type { SessionAnswer } from "../http/session-answer.js";
import { Listeners } from "../listeners.js";
import type { Platform } from "../platform.js";
import type { SessionInternals } from "./controls.js";
import { EVENTS, type SessionEvents, type Settled } from "./events.js";
import { type Difference, KnownSession } from "./known-session.js";
import { instant, type LiveParts, type SessionTimeline } from "./live-parts.js";
import { SessionQuestions } from "./questions.js";
import { Reporter } from "./reporter.js";
import { SettledPromise } from "./settled-promise.js";
import { watchClock } from "./watch-clock.js";
import { SessionWatcher } from "./watcher.js";

/**
 * A session whose state is known at every moment. Created by {@link connect}, ended by {@link LiveSession.close}.
 *
 * Each state is computed on demand from the session and the clock, not received. The session keeps running offline, as accurate
 * as the clock.
 */
export class LiveSession extends SessionQuestions {
  readonly #address: string;
  readonly #token: string | undefined;
  readonly #platform: Platform;
  readonly #clock: ClockView;
  readonly #releaseClock: () => void;
  readonly #known: KnownSession;
  readonly #reporter: Reporter;
  readonly #watcher: SessionWatcher;
  readonly #promise: SettledPromise;
  readonly #listeners = new Listeners<SessionEvents>(EVENTS);
  /** Called whenever the session has changed, the time may have jumped, or the session was closed. */
  readonly #followers = new Set<() => void>();
  readonly #cleanups: (() => void)[];
  /** The status when the session was closed. */
  #lastStatus: SessionStatus | undefined;
  #isExpired = false;
  #isClosed = false;
  /** Why it was closed, if the program did not close it. */
  #unsupported: EngineError | undefined;

  /** @internal */
  constructor({ platform, address, token, answer, clock, releaseClock, catchUp, signal }: LiveParts) {
    super();
    this.#address = address.session;
    this.#token = token;
    this.#platform = platform;
    this.#clock = clock;
    this.#releaseClock = releaseClock;
    this.#known = new KnownSession(answer, clock.read());
    this.#reporter = new Reporter({
      platform,
      known: this.#known,
      listeners: this.#listeners,
      catchUp,
      now: () => this.#now(),
      settledUntil: () => this.#promise.finalUntil,
    });
    this.#promise = this.#makePromise(answer);
    this.#watcher = new SessionWatcher(platform, address, {
      noticeMs: answer.record.notice_ms ?? 0,
      session: (newer, changesWereLost) => this.#update(newer, changesWereLost),
      settled: (etag, settledUntil) => this.#takePromise(etag, settledUntil),
      isFinal: () => this.#isStopFinal(),
      final: () => this.#finish(),
      expired: () => this.#expire(),
      listening: (isListening) => this.#listeners.emit("listening", isListening),
      failed: (failure) => this.#listeners.emit("error", failure),
    });
    this.#cleanups = [...this.#watchClock(), this.#closeWith(signal)];
    this.#reporter.begin();
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
   * The session's timeline, which computes any step. It belongs to the session and is freed with it.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`.
   */
  get timeline(): SessionTimeline {
    return this.#open();
  }

  /**
   * Calls a listener at each event. Returns a function that removes it; closing the session removes it too. The first listener
   * for `tick` gets the current step right away, unless the session has not started; if the session has stopped already,
   * `stopped` follows right away too. Both come in a microtask: the function that removes the listener is there first.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`; `unknown_event` for an event
   *   that does not exist; `not_a_function` for a listener that is not a function.
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
    return this.#reporter.on(event, listener);
  }

  /** Ends timers, streams and listeners, and frees memory. Closing it again has no effect. */
  close(): void {
    if (!this.#isClosed) {
      this.#shut();
    }
  }

  /** @param tell Called once the session is closed, while there are still listeners. */
  #shut(tell = (): void => undefined): void {
    this.#lastStatus = this.status;
    this.#isClosed = true;
    tell();
    for (const cleanUp of this.#cleanups) {
      cleanUp();
    }
    this.#reporter.end();
    this.#promise.end();
    this.#watcher.close();
    this.#listeners.clear();
    this.#tellFollowers();
    this.#timeline.free();
    this.#releaseClock();
  }

  /** Calls {@link LiveSession.close} at the end of a block with `using session = ...`. */
  [dispose](): void {
    this.close();
  }

  /** @internal */
  protected override get internals(): SessionInternals {
    return {
      address: this.#address,
      token: this.#token,
      platform: this.#platform,
      session: this,
      update: (answer) => void this.#update(answer, false),
      failed: (failure) => this.#listeners.emit("error", failure),
      follow: (check) => {
        this.#followers.add(check);
        return () => this.#followers.delete(check);
      },
    };
  }

  #tellFollowers(): void {
    for (const check of this.#followers) {
      check();
    }
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
      synced: (isSynced) => this.#listeners.emit("synced", isSynced),
      failed: ({ error, retryInMs }) => this.#listeners.emit("error", { what: "time", error, retryInMs }),
    });
  }

  /** Checks the time, after it may have jumped. */
  #check(): void {
    this.#reporter.check();
    this.#promise.check();
    this.#tellFollowers();
  }

  #closeWith(signal: AbortSignal | undefined): () => void {
    return onAbort(signal, () => this.close());
  }

  /** Returns whether the stop has certainly passed, so that the server accepts no other. */
  #isStopFinal(): boolean {
    const { now, errorMs } = this.#clock.read();
    const { stopped } = this.#reporter;
    return stopped !== undefined && now - errorMs >= stopped.stoppedAt;
  }

  /** Gives the clock back: a session that has stopped for good needs no more time, and nothing changes any more. */
  #finish(): void {
    this.#promise.finish();
    this.#reporter.check();
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
      // A listener may have closed the session.
      if (this.#isClosed) {
        return true;
      }
      this.#reporter.change(differsAt, now, stepsTakenBack);
      this.#tellFollowers();
    }
    return !this.#known.isInDoubt;
  }

  /** Takes a new version of the session. Closes this one if its states would be wrong from now on. */
  #take(answer: SessionAnswer, changesWereLost: boolean): Difference | undefined {
    try {
      return this.#known.take(answer, changesWereLost, this.#clock.read());
    } catch (error) {
      const unsupported = error as EngineError;
      this.#unsupported = unsupported;
      this.#shut(() => this.#listeners.emit("unsupported", unsupported));
      return undefined;
    }
  }

  /** Takes a promise about the session with an entity tag. Returns whether that is the session as it is known here. */
  #takePromise(etag: string, settledUntil: number): boolean {
    const isKnown = this.#known.hasTag(etag);
    if (isKnown) {
      this.#promise.extend(settledUntil);
      this.#reporter.check();
    }
    return isKnown;
  }

  #expire(): void {
    this.#isExpired = true;
    this.#listeners.emit("expired", undefined);
  }
}
