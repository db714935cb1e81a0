/** Reports the steps and breaks of a live session, its changes and its stop. */
import type { State } from "../engine/session.js";
import type { Timeline } from "../engine/timeline.js";
import type { Listeners } from "../listeners.js";
import type { Platform } from "../platform.js";
import { checkEvent, type SessionEvents, type Stopped } from "./events.js";
import type { Difference, KnownSession } from "./known-session.js";
import { StopReport } from "./stop-report.js";
import { type CatchUp, Ticker } from "./ticker.js";

/** The inputs of a reporter. */
export interface ReporterParts {
  readonly platform: Platform;
  readonly known: KnownSession;
  readonly listeners: Listeners<SessionEvents>;
  readonly catchUp: CatchUp;
  /** Returns the server's time, in integer milliseconds since the Unix epoch. */
  now(): number;
}

/** The reports of one session. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #ticker: Ticker;
  readonly #stopReport = new StopReport();
  #isEnded = false;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#ticker = this.#makeTicker(parts);
    // There is no listener yet for a stop in the past. `on` reports it later.
    this.#ticker.stopAt(parts.known.stop);
  }

  /** The stop, once it was reported. */
  get stopped(): Stopped | undefined {
    return this.#stopReport.stopped;
  }

  /** Adds a listener, and starts to report what it listens for. Returns a function that removes it. */
  on<Name extends keyof SessionEvents>(
    event: Name,
    listener: (happened: SessionEvents[Name]) => void,
  ): () => void {
    checkEvent(event);
    const { listeners } = this.#parts;
    const [hadListeners, isFirst] = [this.#hasListeners(), !listeners.has(event)];
    const off = listeners.add(event, listener);
    if (!hadListeners && this.#hasListeners()) {
      this.#ticker.begin();
    }
    if (event === "state" && isFirst) {
      this.#ticker.beginShowing();
    }
    const repeat = listener as (stopped: Stopped) => void;
    return event === "stopped" ? this.#stopReport.repeat(repeat, () => this.#isEnded, off) : off;
  }

  /** Checks the time now, after it may have jumped. */
  check(): void {
    this.#ticker.check();
  }

  /** Reports a new schedule now, and a new stop when it takes effect. */
  change({ schedule: at, stop }: Difference, now: number, stepsTakenBack: number): void {
    const { known, listeners } = this.#parts;
    const { record, stop: stoppedAt } = known;
    const isStopNew =
      stop < Number.POSITIVE_INFINITY ||
      // The stop was reported, but its state has changed.
      (this.stopped !== undefined && at < stoppedAt);
    if (isStopNew) {
      this.#stopReport.renew({ isLate: stoppedAt < now, stepsTakenBack });
    }
    if (at < Number.POSITIVE_INFINITY) {
      const isLate = at < Math.min(now, stoppedAt);
      const state = this.#timeline.stateAt(now);
      listeners.emit("changed", { schedule: record.schedule ?? [], at, state, isLate, stepsTakenBack });
    }
    if (isStopNew) {
      this.#ticker.stopAt(stoppedAt);
    } else {
      this.#ticker.check();
    }
  }

  /** Stops reporting. */
  end(): void {
    this.#isEnded = true;
    this.#ticker.end();
  }

  get #timeline(): Timeline {
    return this.#parts.known.timeline;
  }

  #makeTicker({ platform: { time, timers }, catchUp, listeners, now }: ReporterParts): Ticker {
    return new Ticker({
      timeline: this.#timeline,
      timers,
      catchUp,
      now,
      monotonicMs: () => time.monotonicMs(),
      hasListeners: () => this.#hasListeners(),
      tick: (step) => this.#tick(step),
      isShown: () => listeners.has("state"),
      show: (step) => listeners.emit("state", this.#shown(step)),
      stopped: () => this.#reportStop(),
      status: (status) => listeners.emit("status", status),
    });
  }

  #hasListeners(): boolean {
    const { listeners } = this.#parts;
    return listeners.has("tick") || listeners.has("break");
  }

  #shown(step: number): State {
    return step < 0 ? this.#timeline.stateAt(this.#parts.now()) : this.#timeline.state(step);
  }

  #tick(step: number): void {
    const { listeners } = this.#parts;
    const state = this.#timeline.state(step);
    listeners.emit("tick", state);
    // A listener may have closed the session.
    if (state.broken && !this.#isEnded) {
      listeners.emit("break", state);
    }
  }

  #reportStop(): void {
    const { known, listeners } = this.#parts;
    listeners.emit("stopped", this.#stopReport.make(known.stop, this.#timeline.stateAt(known.stop)));
  }
}
