/**
 * Tells what a server that has an earlier version of a session means by it. Either it has lost changes, or that version comes from a
 * cache, or from a server that has not heard of everything yet.
 */
import type { ClockReading } from "../clock/clock.js";
import type { SessionAnswer } from "../http/session-answer.js";

/** The clocks of two servers are at most this far apart, in milliseconds (docs/schedule.md, section 2). */
const SERVERS_APART_MS = 750;
/** For how long caches keep a session without a notice, in milliseconds (docs/http-api.md, Caching). */
const LONGEST_CACHED_MS = 11_000;

/** The evidence that changes were lost, about one session. */
export class Losses {
  /** By when the known version had been received, by the server's time. */
  #knownBy: number;
  /** Since when there have been earlier versions only; `undefined` if the last one was the known one. */
  #earlierSince: number | undefined;

  constructor(reading: ClockReading) {
    this.#knownBy = latest(reading);
  }

  /** Whether an earlier version was the last that came. */
  get isInDoubt(): boolean {
    return this.#earlierSince !== undefined;
  }

  /** Notes a version that is now the known one. */
  replaced(reading: ClockReading): void {
    this.#knownBy = latest(reading);
    this.confirmed();
  }

  /** Notes that a server still has the known version. */
  confirmed(): void {
    this.#earlierSince = undefined;
  }

  /** Notes an earlier version. Returns whether it proves that the known one is lost. */
  isLossProvenBy(answer: SessionAnswer, reading: ClockReading): boolean {
    this.#earlierSince ??= reading.now;
    const { record, settledUntil, isFromCache } = answer;
    if (record.notice_ms > 0) {
      // Nothing that this version lacks was there before the instant from which the promise counts, but the known one was.
      return (settledUntil ?? 0) - record.notice_ms > this.#knownBy + SERVERS_APART_MS;
    }
    if (isFromCache === true) {
      this.#earlierSince = reading.now;
    }
    return reading.now - this.#earlierSince > LONGEST_CACHED_MS;
  }
}

function latest({ now, errorMs }: ClockReading): number {
  return now + errorMs;
}
