/**
 * Tells of coming steps some time before they begin. A module of its own, which a page loads at its first use: most pages need none.
 */
import type { ClockReading } from "../clock/clock.js";
import type { State } from "../engine/session.js";
import { call } from "../listeners.js";
import type { Platform } from "../platform.js";
import type { SessionFailure } from "./events.js";
import { instant, type SessionTimeline } from "./live-parts.js";

/** A step that is about to begin. */
export interface ComingStep extends State {
  /** When it begins, by the server's clock, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** The same instant on `performance.now()` of this page, in milliseconds. */
  readonly performanceAt: number;
  /**
   * When to start a sound on the `audio` context, in seconds, so that it is heard at that instant. `undefined` without a context, or
   * while the context does not run.
   */
  readonly audioAt: number | undefined;
}

/** Receives coming steps. May return a function that undoes what was scheduled if the step does not begin at that instant. */
// biome-ignore lint/suspicious/noConfusingVoidType: a callback need not return anything
export type AheadCallback = (step: ComingStep) => (() => void) | void;

/** The part of an `AudioContext` that is needed. */
export interface AudioClock {
  readonly currentTime: number;
  readonly state: string;
  readonly baseLatency?: number;
  readonly outputLatency?: number;
  getOutputTimestamp?(): { readonly contextTime?: number; readonly performanceTime?: number };
}

/** Options of `LiveSession.ahead`. */
export interface AheadOptions {
  /** The `AudioContext` for which `audioAt` is computed. */
  readonly audio?: AudioClock | undefined;
}

/** The part of a live session that is needed. */
export interface AheadSession {
  readonly isClosed: boolean;
  /** Throws once the session is closed. */
  readonly timeline: SessionTimeline;
  readonly clock: { read(): ClockReading };
}

/** The inputs. */
export interface AheadParts {
  readonly session: AheadSession;
  readonly platform: Platform;
  /** Calls a function whenever the session has changed, the time may have jumped, or the session was closed. */
  follow(check: () => void): () => void;
  /** Reports that this code could not be loaded. */
  failed(failure: SessionFailure): void;
}

/** A step that was told and has not begun. */
interface Told {
  readonly step: number;
  readonly at: number;
  /** When it begins on the monotonic clock, as it was told. */
  readonly performanceAt: number;
  readonly undo: (() => void) | undefined;
}

/** If the instant of a reported step moves by more than this on the monotonic clock, in milliseconds, the step is reported again. */
const MOVED_MS = 2;
/** A step that is nearer than this, in milliseconds, is not reported again: its sound may be on its way to the output already. */
const TOO_LATE_MS = 100;
/** The shortest timer, because time may stand still. */
const SHORTEST_PAUSE_MS = 1;

/** The longest timer. Browsers accept no delay above 2^31 ms, and corrections of the clock must take effect. */
const LONGEST_PAUSE_MS = 60_000;

/** Tells of coming steps, from the first check on until it is ended, or the session is closed. */
export class Plan {
  readonly #parts: AheadParts;
  readonly #ms: number;
  readonly #callback: AheadCallback;
  readonly #options: AheadOptions;
  readonly #unfollow: () => void;
  /** The steps that were told and have not begun, in order. */
  #told: Told[] = [];
  /** The last step that has begun or was told. A late change may set the session back to before it. */
  #last = -1;
  #cancelTimer: () => void = nothing;
  #isTelling = false;
  #isEnded = false;

  constructor(parts: AheadParts, ms: number, callback: AheadCallback, options: AheadOptions) {
    this.#parts = parts;
    this.#ms = ms;
    this.#callback = callback;
    this.#options = options;
    this.#unfollow = parts.follow(() => this.check());
  }

  /** Withdraws the steps that do not come any more, and tells the next ones. */
  check(): void {
    if (this.#parts.session.isClosed) {
      this.end();
    }
    // A callback may change or close the session. The loops below go by what is then true.
    if (this.#isEnded || this.#isTelling) {
      return;
    }
    this.#cancelTimer();
    this.#isTelling = true;
    try {
      this.#forgetBegun();
      this.#withdraw();
      this.#tellDue();
    } finally {
      this.#isTelling = false;
    }
    this.#wait();
  }

  end(): void {
    if (this.#isEnded) {
      return;
    }
    this.#isEnded = true;
    this.#cancelTimer();
    this.#unfollow();
    const { now } = this.#parts.session.clock.read();
    for (const { at, undo } of this.#told.splice(0)) {
      if (at > now) {
        call(undo);
      }
    }
  }

  #forgetBegun(): void {
    const now = this.#now();
    this.#told = this.#told.filter(({ at }) => at > now);
    const current = this.#parts.session.timeline.stepAt(now) ?? -1;
    this.#last = Math.max(this.#last, current);
  }

  /** Withdraws the told steps from the first one on that does not begin at its instant. */
  #withdraw(): void {
    const first = this.#told.findIndex(
      (told) => this.#whenComes(told.step) !== told.at || this.#hasMoved(told),
    );
    if (first >= 0) {
      const withdrawn = this.#told.splice(first);
      this.#last = (withdrawn[0] as Told).step - 1;
      for (const { undo } of withdrawn) {
        call(undo);
      }
    }
  }

  /** Returns whether a step begins at another reading of the monotonic clock than was told, and there is time to tell it again. */
  #hasMoved({ at, performanceAt }: Told): boolean {
    const nowAt = this.#performanceAt(at);
    const leftMs = nowAt - this.#parts.platform.time.monotonicMs();
    return Math.abs(nowAt - performanceAt) > MOVED_MS && leftMs > TOO_LATE_MS;
  }

  #tellDue(): void {
    while (!this.#isEnded) {
      const now = this.#now();
      const current = this.#parts.session.timeline.stepAt(now) ?? -1;
      // Steps that have begun meanwhile are left out.
      const step = Math.max(this.#last, current) + 1;
      const at = this.#whenComes(step);
      if (at > this.#parts.session.clock.read().now + this.#ms) {
        return;
      }
      this.#last = step;
      this.#tell(step, at);
    }
  }

  #tell(step: number, at: number): void {
    const { session, platform } = this.#parts;
    const performanceAt = this.#performanceAt(at);
    const audioAt = audioInstant(this.#options.audio, performanceAt, platform);
    const undo = call(() => this.#callback({ ...session.timeline.state(step), at, performanceAt, audioAt }));
    const told = { step, at, performanceAt, undo: typeof undo === "function" ? undo : undefined };
    if (this.#isEnded) {
      // The callback has ended this, or closed the session.
      call(told.undo);
    } else {
      this.#told.push(told);
    }
  }

  /** Returns when an instant of the session comes on the monotonic clock, as far as is known. */
  #performanceAt(at: number): number {
    const { session, platform } = this.#parts;
    const { now } = session.clock.read();
    return platform.time.monotonicMs() + at - now;
  }

  /** Returns when a step begins, or infinity if it never does. */
  #whenComes(step: number): number {
    return this.#parts.session.timeline.whenComes(step);
  }

  #wait(): void {
    if (this.#isEnded) {
      return;
    }
    const delayMs = this.#whenComes(this.#last + 1) - this.#ms - this.#parts.session.clock.read().now;
    if (delayMs < Number.POSITIVE_INFINITY) {
      const pauseMs = Math.min(Math.max(delayMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
      this.#cancelTimer = this.#parts.platform.timers.set(() => this.check(), pauseMs);
    }
  }

  #now(): number {
    return instant(this.#parts.session.clock.read().now);
  }
}

/**
 * Returns when to start a sound so that it is heard at an instant of the monotonic clock.
 *
 * The time stamp of the output says which part of the sound is heard when. Some browsers lack it, or give zeros at first; then the
 * current time of the context, less what the output takes, has to do.
 */
function audioInstant(
  audio: AudioClock | undefined,
  performanceAt: number,
  { time }: Platform,
): number | undefined {
  if (audio?.state !== "running") {
    return undefined;
  }
  const { contextTime = 0, performanceTime = 0 } = audio.getOutputTimestamp?.() ?? {};
  const { outputLatency = audio.baseLatency ?? 0 } = audio;
  const heardAt =
    contextTime > 0 && performanceTime > 0
      ? contextTime + (performanceAt - performanceTime) / 1_000
      : audio.currentTime + (performanceAt - time.monotonicMs()) / 1_000 - outputLatency;
  return Math.max(0, heardAt);
}

function nothing(): void {
  // No timer is set.
}
