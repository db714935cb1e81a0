/** What a clock promises, checked at every reading and every question. */
import type { Reading } from "./subject.js";

/** What can be broken. */
export type Promised =
  | "truth within errorMs"
  | "never backward"
  | "slewed by at most 0.5 %"
  | "halts only for 128 ms or more"
  | "few questions"
  | "not synced once upset"
  | "synced again within 2 s"
  | "nothing thrown"
  | "nothing left when closed";

/** A promise that was broken. */
export interface Breach {
  readonly promised: Promised;
  /** True time since the session began. */
  readonly atMs: number;
  readonly detail: string;
}

/** What a reading is held against. */
export interface Instant {
  /** True time since the session began. */
  readonly atMs: number;
  /** What the monotonic clock says. */
  readonly monotonicMs: number;
  /** The time of each server that counts lies in there. */
  readonly truth: { readonly low: number; readonly high: number };
}

/** Times since 1970 in milliseconds are multiples of a quarter of a thousandth; stamps are cut off to a thousandth. */
const EXACT_MS = 0.002;
const SLEW = 0.005;
/** The fitted rate. 500 ppm in the seconds of one clock are a little more in those of the other. */
const RATE = 0.000_501;
/** Larger corrections are steps. */
const STEP_MS = 128;
/** A clock may ask so many questions at the start. */
const QUESTIONS_AT_START = 16;
/** And of the others so many in any minute. */
const QUESTIONS_A_MINUTE = 8;
/** A minute on a clock that runs fast, and is rounded to 100 ms at both ends. */
const MINUTE_MS = 60_000 * (1 - RATE) - 200;

/** A sync may find that a halt need not go on. */
const NO_HALT = { lostMs: 0, slewedMs: 0, hasSynced: false };

/** Keeps watch over one clock. */
export class Promises {
  readonly #broken: (breach: Breach) => void;
  #last: { readonly now: number; readonly monotonicMs: number } | undefined;
  /** How long the halt has lasted that is going on, and what of it slewing could explain. */
  #halt = NO_HALT;
  #startQuestions = 0;
  #askedAt: number[] = [];

  constructor(broken: (breach: Breach) => void) {
    this.#broken = broken;
  }

  /** Holds a reading against the truth and the reading before it. */
  read(reading: Reading, instant: Instant): void {
    this.#checkTruth(reading, instant);
    const last = this.#last;
    this.#last = { now: reading.now, monotonicMs: instant.monotonicMs };
    if (last !== undefined) {
      this.#checkPace(reading.now - last.now, instant.monotonicMs - last.monotonicMs, instant.atMs);
    }
  }

  /** The clock was set. What it shows from now on may take another course. */
  synced(): void {
    this.#halt = { ...this.#halt, hasSynced: this.#halt.lostMs > 0 };
  }

  /** Counts a question that may have reached a server. */
  asked(atMs: number): void {
    if (this.#startQuestions < QUESTIONS_AT_START) {
      this.#startQuestions += 1;
      return;
    }
    this.#askedAt = [...this.#askedAt.filter((at) => at > atMs - MINUTE_MS), atMs];
    if (this.#askedAt.length > QUESTIONS_A_MINUTE) {
      this.#break("few questions", atMs, `${this.#askedAt.length} in a minute`);
    }
  }

  /** The clock was upset at this very instant, so nobody can have answered since. */
  readOnceUpset({ synced }: Reading, atMs: number, how: string): void {
    if (synced) {
      this.#break("not synced once upset", atMs, `still synced after it was ${how}`);
    }
  }

  /** The clock had its time to ask again. */
  readLater({ synced, errorMs }: Reading, atMs: number, how: string): void {
    if (!synced) {
      this.#break(
        "synced again within 2 s",
        atMs,
        `not synced, error ${errorMs.toFixed(1)} ms, after ${how}`,
      );
    }
  }

  threw(error: unknown, atMs: number): void {
    this.#break(
      "nothing thrown",
      atMs,
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }

  leftBehind(what: string, atMs: number): void {
    this.#break("nothing left when closed", atMs, what);
  }

  #checkTruth({ now, errorMs }: Reading, { atMs, truth }: Instant): void {
    const beyond = Math.max(now - errorMs - truth.low, truth.high - now - errorMs);
    // Written so that NaN is not within.
    if (!(beyond <= EXACT_MS)) {
      const off = `${(now - truth.low).toFixed(3)} ms from the truth`;
      const servers =
        truth.high > truth.low ? `, ${(now - truth.high).toFixed(3)} ms from another server's` : "";
      this.#break("truth within errorMs", atMs, `${off}${servers}, said at most ${errorMs.toFixed(3)} ms`);
    }
  }

  #checkPace(shown: number, passed: number, atMs: number): void {
    if (shown < 0) {
      this.#break("never backward", atMs, `by ${(-shown).toFixed(3)} ms`);
    }
    const slewed = (SLEW + RATE) * passed;
    const ahead = shown - passed;
    if (ahead > slewed + EXACT_MS && ahead < STEP_MS - slewed - EXACT_MS) {
      this.#break("slewed by at most 0.5 %", atMs, `${shown.toFixed(3)} ms shown in ${passed.toFixed(3)} ms`);
    }
    const { lostMs, slewedMs, hasSynced } = this.#halt;
    const isHalting = -ahead > slewed + EXACT_MS;
    if (isHalting || lostMs > 0) {
      // What comes after a halt may hold the last of it.
      this.#halt = { lostMs: lostMs + Math.max(0, -ahead), slewedMs: slewedMs + slewed, hasSynced };
    }
    if (passed > 0 && !isHalting) {
      this.#endHalt(atMs);
    }
  }

  #endHalt(atMs: number): void {
    const { lostMs, slewedMs, hasSynced } = this.#halt;
    this.#halt = NO_HALT;
    if (lostMs > 0 && lostMs < STEP_MS - slewedMs - EXACT_MS && !hasSynced) {
      this.#break("halts only for 128 ms or more", atMs, `halted for ${lostMs.toFixed(3)} ms`);
    }
  }

  #break(promised: Promised, atMs: number, detail: string): void {
    this.#broken({ promised, atMs, detail });
  }
}
