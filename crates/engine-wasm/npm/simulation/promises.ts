/** The promises of a clock, checked at every reading and every request. */
import type { Reading } from "./subject.js";

/** The promises. */
export type PromiseName =
  | "truth within errorMs"
  | "never backward"
  | "slewed by at most 0.5 %"
  | "halts only for 128 ms or more"
  | "few requests"
  | "not synced once disrupted"
  | "synced again within 2 s"
  | "nothing thrown"
  | "nothing left when closed";

/** A broken promise. */
export interface Breach {
  readonly promise: PromiseName;
  /** True time since the session began. */
  readonly atMs: number;
  readonly detail: string;
}

/** The truth that a reading is compared with. */
export interface Instant {
  /** True time since the session began. */
  readonly atMs: number;
  /** The monotonic clock. */
  readonly monotonicMs: number;
  /** An interval that contains the time of each server that counts. */
  readonly truth: { readonly low: number; readonly high: number };
}

/** Rounding errors: milliseconds since 1970 are multiples of about 1/4000, and stamps are truncated to 1/1000. */
const EXACT_MS = 0.002;
const SLEW = 0.005;
/** The fitted rate. 500 ppm in the seconds of one clock is slightly more in those of the other. */
const RATE = 0.000_501;
/** Larger corrections are steps. */
const STEP_MS = 128;
/** The number of requests that a clock may send at the start. */
const REQUESTS_AT_START = 16;
/** The number of further requests in any minute. */
const REQUESTS_PER_MINUTE = 8;
/** A minute on a clock that runs fast and is rounded to 100 ms at both ends. */
const MINUTE_MS = 60_000 * (1 - RATE) - 200;

/** The state while the clock does not halt. */
const NO_HALT = { lostMs: 0, slewedMs: 0, hasSynced: false };

/** Checks one clock. */
export class Promises {
  readonly #broken: (breach: Breach) => void;
  #last: { readonly now: number; readonly monotonicMs: number } | undefined;
  /** Whether it has synced for the first time. Its first burst may be corrected at once, by a step or a halt of any length. */
  #hasSynced = false;
  #isFirstBurst = true;
  /** The length of the current halt, and the part of it that slewing explains. */
  #halt = NO_HALT;
  #startRequests = 0;
  #askedAt: number[] = [];

  constructor(broken: (breach: Breach) => void) {
    this.#broken = broken;
  }

  /** Compares a reading with the truth and with the previous reading. */
  read(reading: Reading, instant: Instant): void {
    this.#checkTruth(reading, instant);
    const last = this.#last;
    this.#last = { now: reading.now, monotonicMs: instant.monotonicMs };
    if (last !== undefined) {
      this.#checkPace(reading.now - last.now, instant.monotonicMs - last.monotonicMs, instant.atMs);
    }
  }

  /** The clock was set, which may end a halt early. */
  synced(): void {
    this.#hasSynced = true;
    this.#halt = { ...this.#halt, hasSynced: this.#halt.lostMs > 0 };
  }

  /** Counts a request that may have reached a server. */
  asked(atMs: number): void {
    if (this.#startRequests < REQUESTS_AT_START) {
      this.#startRequests += 1;
      return;
    }
    this.#askedAt = [...this.#askedAt.filter((at) => at > atMs - MINUTE_MS), atMs];
    if (this.#askedAt.length > REQUESTS_PER_MINUTE) {
      this.#break("few requests", atMs, `${this.#askedAt.length} in a minute`);
    }
  }

  /** Checks a reading at the very instant of a disruption, before any response. */
  readOnceDisrupted({ synced }: Reading, atMs: number, how: string): void {
    if (synced) {
      this.#break("not synced once disrupted", atMs, `still synced after it was ${how}`);
    }
  }

  /** Checks a reading after the clock had time to ask again. */
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
    // Written so that NaN fails.
    if (!(beyond <= EXACT_MS)) {
      const off = `${(now - truth.low).toFixed(3)} ms from the truth`;
      const servers =
        truth.high > truth.low ? `, ${(now - truth.high).toFixed(3)} ms from another server's` : "";
      this.#break("truth within errorMs", atMs, `${off}${servers}, bound ${errorMs.toFixed(3)} ms`);
    }
  }

  #checkPace(elapsed: number, passed: number, atMs: number): void {
    if (elapsed < 0) {
      this.#break("never backward", atMs, `by ${(-elapsed).toFixed(3)} ms`);
    }
    const slewed = (SLEW + RATE) * passed;
    const ahead = elapsed - passed;
    if (this.#isFirstBurst) {
      // A correction at the end of the burst may make it halt for a while.
      this.#isFirstBurst = !this.#hasSynced || passed === 0 || -ahead > slewed + EXACT_MS;
      return;
    }
    if (ahead > slewed + EXACT_MS && ahead < STEP_MS - slewed - EXACT_MS) {
      this.#break(
        "slewed by at most 0.5 %",
        atMs,
        `${elapsed.toFixed(3)} ms displayed in ${passed.toFixed(3)} ms`,
      );
    }
    const { lostMs, slewedMs, hasSynced } = this.#halt;
    const isHalting = -ahead > slewed + EXACT_MS;
    if (isHalting || lostMs > 0) {
      // The interval after a halt may contain its end.
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

  #break(promise: PromiseName, atMs: number, detail: string): void {
    this.#broken({ promise, atMs, detail });
  }
}
