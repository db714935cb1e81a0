/** Reports the steps and breaks of a live session, its changes and its stop. */
import type { Timeline } from "../engine/timeline.js";
import { Breaks } from "./breaks.js";
import type { SessionEvents, Stopped } from "./events.js";
import type { Difference, KnownSession } from "./known-session.js";
import { StopReport } from "./stop-report.js";
import { Ticker, type TickerParts } from "./ticker.js";

/** The inputs of a reporter. */
export interface ReporterParts extends Omit<TickerParts, "breaks" | "stopped"> {
  readonly known: KnownSession;
}

/** The reports of one session. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #breaks: Breaks;
  readonly #ticker: Ticker;
  readonly #stopReport = new StopReport();
  #isEnded = false;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#breaks = new Breaks(parts);
    this.#ticker = new Ticker({ ...parts, breaks: this.#breaks, stopped: () => this.#reportStop() });
  }

  /** Starts to report. There is no listener yet for a stop in the past. `on` reports it later. */
  begin(): void {
    this.#ticker.stopAt(this.#parts.known.stop);
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
    const { listeners } = this.#parts;
    const isBreak = event === "break" || event === "breakSettled";
    const hadListeners = isBreak ? this.#breaks.isWanted : listeners.has(event);
    const off = listeners.add(event, listener);
    if (!hadListeners && (isBreak || event === "tick" || event === "state")) {
      this.#ticker.begin(event);
    }
    const repeat = listener as (stopped: Stopped) => void;
    return event === "stopped" ? this.#stopReport.repeat(repeat, () => this.#isEnded, off) : off;
  }

  /** Checks the time and the promise now: either may have jumped. */
  check(): void {
    this.#ticker.check();
  }

  /** Reports a new schedule now, and a new stop when it takes effect. */
  change({ schedule: at, stop }: Difference, now: number, stepsTakenBack: number): void {
    const { known, listeners } = this.#parts;
    const { record, stop: stoppedAt } = known;
    const breaksTakenBack = this.#breaks.takeBack(this.#timeline.stepAt(now) ?? -1);
    const isScheduleNew = at < Number.POSITIVE_INFINITY;
    const isStopNew =
      stop < Number.POSITIVE_INFINITY ||
      // The stop was reported, but its state has changed.
      (this.stopped !== undefined && at < stoppedAt);
    if (isStopNew) {
      const isLate = stoppedAt < now;
      this.#stopReport.renew({
        isLate,
        stepsTakenBack,
        breaksTakenBack: isScheduleNew ? [] : breaksTakenBack,
      });
    }
    if (isScheduleNew) {
      const [schedule, state] = [record.schedule ?? [], this.#timeline.stateAt(now)];
      const isLate = at < Math.min(now, stoppedAt);
      listeners.emit("changed", { schedule, at, state, isLate, stepsTakenBack, breaksTakenBack });
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
    this.#breaks.end();
  }

  get #timeline(): Timeline {
    return this.#parts.known.timeline;
  }

  #reportStop(): void {
    const { known, listeners } = this.#parts;
    listeners.emit("stopped", this.#stopReport.make(known.stop, this.#timeline.stateAt(known.stop)));
  }
}
