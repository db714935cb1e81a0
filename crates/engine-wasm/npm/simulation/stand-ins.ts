/** Other clocks, to test that the world works and that broken promises are caught. */
import type { Exchange } from "../src/clock/inputs.js";
import type { MakeSubject, Reading, Subject, SubjectParts } from "./subject.js";

/** Faults of a clock. */
export interface Faults {
  /** Multiplies the bound it gives by this factor. */
  readonly errorTimes?: number;
  /** The maximum drift that it assumes. */
  readonly drift?: number;
  /** Goes backward after it was ahead. */
  readonly goesBack?: boolean;
  /** Jumps forward and halts for any difference. */
  readonly jumps?: boolean;
  /** Does not check whether the wall clock and the monotonic clock have diverged. */
  readonly isBlindToSleep?: boolean;
  /** Accepts a response although the machine slept since the request. */
  readonly trustsAnswersAfterSleep?: boolean;
  /** Does not send a request at once after a sleep. */
  readonly waitsAfterSleep?: boolean;
  /** The pause between its requests. */
  readonly pauseMs?: number;
  /** Leaves its timer running when it is closed. */
  readonly leavesTimer?: boolean;
  /** Throws when it is read after the first minute. */
  readonly throws?: boolean;
}

const PAUSE_MS = 15_000;
const DRIFT = 0.000_502;
const DIVERGENCE_MS = 500;
/** The resolution that it assumes of clocks, in milliseconds. */
const RESOLUTION_MS = 0.1;
const SLEW = 0.005;
const STEP_MS = 128;
const MINUTE_MS = 60_000;

/** A simple but honest clock: the exchange with the narrowest bound since the last disruption counts. */
class StandIn implements Subject {
  readonly #parts: SubjectParts;
  readonly #faults: Faults;
  readonly #ended = new AbortController();
  readonly #startedMs: number;
  #listener: (reading: Reading) => void = () => undefined;
  #cancel: () => void = () => undefined;
  /** Server time minus monotonic time, its maximum error, and when it was measured. */
  #best: { readonly offset: number; readonly error: number; readonly atMs: number } | undefined;
  /** The last displayed server time, and the monotonic clock then. */
  #displayed: { readonly now: number; readonly atMs: number } | undefined;
  #look: { readonly monotonicMs: number; readonly wallMs: number };
  #isHalting = false;
  #disruptions = 0;
  #divergenceMs = 0;

  constructor(parts: SubjectParts, faults: Faults) {
    this.#parts = parts;
    this.#faults = faults;
    this.#startedMs = parts.time.monotonicMs();
    this.#look = { monotonicMs: this.#startedMs, wallMs: parts.time.wallMs() };
    this.#askAndWait();
    parts.wakeEvents?.((event) => {
      if (event === "woken") {
        this.#askSoon();
      }
    });
  }

  get isReady(): boolean {
    return this.#best !== undefined;
  }

  onSync(listener: (reading: Reading) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#ended.abort();
    if (this.#faults.leavesTimer !== true) {
      this.#cancel();
    }
  }

  read(): Reading {
    this.#lookForSleep();
    const { drift = DRIFT, errorTimes = 1, throws = false } = this.#faults;
    const monotonicMs = this.#parts.time.monotonicMs();
    if (this.#best === undefined || (throws && monotonicMs - this.#startedMs > MINUTE_MS)) {
      throw new Error("the clock cannot be read");
    }
    const { offset, error, atMs } = this.#best;
    const now = this.#show(monotonicMs + offset, monotonicMs);
    const off = Math.abs(now - monotonicMs - offset);
    const errorMs = (error + drift * (monotonicMs - atMs) + this.#divergenceMs + off) * errorTimes;
    return { now, errorMs, synced: this.#divergenceMs === 0 };
  }

  /** Slews toward a time, steps forward or halts. */
  #show(estimate: number, monotonicMs: number): number {
    const last = this.#displayed ?? { now: estimate, atMs: monotonicMs };
    const passed = monotonicMs - last.atMs;
    const behind = estimate - last.now - passed;
    this.#isHalting = behind <= -STEP_MS || (this.#isHalting && behind < 0);
    const isLarge = behind >= STEP_MS || this.#isHalting || this.#faults.jumps === true;
    const made = isLarge ? behind : Math.max(-SLEW * passed, Math.min(SLEW * passed, behind));
    const now = last.now + passed + (this.#faults.goesBack === true ? behind : made);
    this.#displayed = {
      now: this.#faults.goesBack === true ? now : Math.max(last.now, now),
      atMs: monotonicMs,
    };
    return this.#displayed.now;
  }

  #askAndWait(): void {
    this.#ask();
    this.#cancel = this.#parts.timers.set(() => this.#askAndWait(), this.#faults.pauseMs ?? PAUSE_MS);
  }

  #askSoon(): void {
    if (this.#faults.waitsAfterSleep !== true) {
      this.#ask();
    }
  }

  #ask(): void {
    const disruptions = this.#disruptions;
    this.#parts.ask(this.#ended.signal).then(
      (exchange) => {
        this.#lookForSleep();
        if (disruptions === this.#disruptions || this.#faults.trustsAnswersAfterSleep === true) {
          this.#take(exchange);
        }
      },
      () => undefined,
    );
  }

  #take({ askedMs, receivedMs, sentMs, answeredMs }: Exchange): void {
    const { drift = DRIFT } = this.#faults;
    const offset = (receivedMs + sentMs - askedMs - answeredMs) / 2;
    const error = (answeredMs - askedMs - (sentMs - receivedMs)) / 2 + 2 * RESOLUTION_MS + 0.002;
    const best = this.#best;
    const isNarrower = best === undefined || error < best.error + drift * (askedMs - best.atMs);
    if (isNarrower || this.#divergenceMs > 0) {
      this.#best = { offset, error, atMs: askedMs };
    }
    this.#divergenceMs = 0;
    try {
      this.#listener(this.read());
    } catch {
      // The same error occurs at the next reading.
    }
  }

  #lookForSleep(): void {
    const { time } = this.#parts;
    const look = { monotonicMs: time.monotonicMs(), wallMs: time.wallMs() };
    const divergence = look.wallMs - this.#look.wallMs - (look.monotonicMs - this.#look.monotonicMs);
    const slewed = 0.001 * (look.monotonicMs - this.#look.monotonicMs);
    this.#look = look;
    if (Math.abs(divergence) > DIVERGENCE_MS + slewed && this.#faults.isBlindToSleep !== true) {
      this.#divergenceMs += Math.max(1, divergence * 1.001 + DIVERGENCE_MS);
      this.#disruptions += 1;
      this.#askSoon();
    }
  }
}

/** Returns a function that makes simple clocks with faults. Without any they are honest. */
export function standIn(faults: Faults = {}): MakeSubject {
  return (parts) => new StandIn(parts, faults);
}
