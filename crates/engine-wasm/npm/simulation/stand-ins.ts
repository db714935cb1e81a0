/** Clocks that are not ours: to see that the world works, and that those are caught that do not keep the promises. */
import type { Exchange } from "../src/clock/ports.js";
import type { MakeSubject, Reading, Subject, SubjectParts } from "./subject.js";

/** Ways in which a clock may be wrong. */
export interface Faults {
  /** What it says of its error is this many times what it should say. */
  readonly errorTimes?: number;
  /** How fast clocks drift apart, as it believes. */
  readonly drift?: number;
  /** Goes back when it was ahead. */
  readonly goesBack?: boolean;
  /** Jumps forward and halts for any difference. */
  readonly jumps?: boolean;
  /** Does not look whether the wall clock and the monotonic clock have parted. */
  readonly isBlindToSleep?: boolean;
  /** Takes an answer although the machine slept since the question. */
  readonly trustsAnswersAfterSleep?: boolean;
  /** Does not ask at once after a sleep. */
  readonly waitsAfterSleep?: boolean;
  /** Asks so often. */
  readonly pauseMs?: number;
  /** Leaves its timer when it is closed. */
  readonly leavesTimer?: boolean;
  /** Cannot be read in the second minute. */
  readonly throws?: boolean;
}

const PAUSE_MS = 15_000;
const DRIFT = 0.000_502;
const PARTED_MS = 500;
/** Believes clocks to be as coarse as this, in milliseconds. */
const GRAIN_MS = 0.1;
const SLEW = 0.005;
const STEP_MS = 128;
const MINUTE_MS = 60_000;

/** A plain but honest clock: of all exchanges since it was upset last the one with the narrowest bound counts. */
class StandIn implements Subject {
  readonly #parts: SubjectParts;
  readonly #faults: Faults;
  readonly #ended = new AbortController();
  readonly #startedMs: number;
  #listener: (reading: Reading) => void = () => undefined;
  #cancel: () => void = () => undefined;
  /** Server time less monotonic time, how wrong that may be, and when. */
  #best: { readonly offset: number; readonly error: number; readonly atMs: number } | undefined;
  /** What was shown last: server time, and the monotonic clock then. */
  #shown: { readonly now: number; readonly atMs: number } | undefined;
  #look: { readonly monotonicMs: number; readonly wallMs: number };
  #isHalting = false;
  #upsets = 0;
  #partedMs = 0;

  constructor(parts: SubjectParts, faults: Faults) {
    this.#parts = parts;
    this.#faults = faults;
    this.#startedMs = parts.time.monotonicMs();
    this.#look = { monotonicMs: this.#startedMs, wallMs: parts.time.wallMs() };
    this.#askAndWait();
    parts.signs?.((sign) => {
      if (sign === "woken") {
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
      throw new Error("it cannot be read");
    }
    const { offset, error, atMs } = this.#best;
    const now = this.#show(monotonicMs + offset, monotonicMs);
    const off = Math.abs(now - monotonicMs - offset);
    const errorMs = (error + drift * (monotonicMs - atMs) + this.#partedMs + off) * errorTimes;
    return { now, errorMs, synced: this.#partedMs === 0 };
  }

  /** Slews towards a time, steps forward or halts. */
  #show(estimate: number, monotonicMs: number): number {
    const last = this.#shown ?? { now: estimate, atMs: monotonicMs };
    const passed = monotonicMs - last.atMs;
    const behind = estimate - last.now - passed;
    this.#isHalting = behind <= -STEP_MS || (this.#isHalting && behind < 0);
    const isLarge = behind >= STEP_MS || this.#isHalting || this.#faults.jumps === true;
    const made = isLarge ? behind : Math.max(-SLEW * passed, Math.min(SLEW * passed, behind));
    const now = last.now + passed + (this.#faults.goesBack === true ? behind : made);
    this.#shown = { now: this.#faults.goesBack === true ? now : Math.max(last.now, now), atMs: monotonicMs };
    return this.#shown.now;
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
    const upsets = this.#upsets;
    this.#parts.ask(this.#ended.signal).then(
      (exchange) => {
        this.#lookForSleep();
        if (upsets === this.#upsets || this.#faults.trustsAnswersAfterSleep === true) {
          this.#take(exchange);
        }
      },
      () => undefined,
    );
  }

  #take({ askedMs, receivedMs, sentMs, answeredMs }: Exchange): void {
    const { drift = DRIFT } = this.#faults;
    const offset = (receivedMs + sentMs - askedMs - answeredMs) / 2;
    const error = (answeredMs - askedMs - (sentMs - receivedMs)) / 2 + 2 * GRAIN_MS + 0.002;
    const best = this.#best;
    const isNarrower = best === undefined || error < best.error + drift * (askedMs - best.atMs);
    if (isNarrower || this.#partedMs > 0) {
      this.#best = { offset, error, atMs: askedMs };
    }
    this.#partedMs = 0;
    try {
      this.#listener(this.read());
    } catch {
      // It says so itself.
    }
  }

  #lookForSleep(): void {
    const { time } = this.#parts;
    const look = { monotonicMs: time.monotonicMs(), wallMs: time.wallMs() };
    const parted = look.wallMs - this.#look.wallMs - (look.monotonicMs - this.#look.monotonicMs);
    const slewed = 0.001 * (look.monotonicMs - this.#look.monotonicMs);
    this.#look = look;
    if (Math.abs(parted) > PARTED_MS + slewed && this.#faults.isBlindToSleep !== true) {
      this.#partedMs += Math.max(1, parted * 1.001 + PARTED_MS);
      this.#upsets += 1;
      this.#askSoon();
    }
  }
}

/** Makes plain clocks with faults; without any they are honest. */
export function standIn(faults: Faults = {}): MakeSubject {
  return (parts) => new StandIn(parts, faults);
}
