/**
 * What exchanges with one server tell of its clock, as long as nothing has upset the machine's own.
 *
 * The *offset* is the server's time less the machine's monotonic clock. An exchange bounds it on both sides, because the
 * question cannot arrive before it left, nor the answer leave after it arrived:
 *
 *     sent - answered  <=  offset  <=  received - asked
 *
 * These hold at the moment of the exchange. Since the two clocks drift apart by no more than `MAX_DRIFT`, they hold later too,
 * widened by that much. The bounds of all exchanges hold together, so the narrowest of each side counts.
 */
import type { Interval } from "./interval.js";
import type { Exchange } from "./ports.js";

/**
 * How fast two clocks may drift apart: 500 ppm is what NTP at most has a clock run faster or slower. A little more, because
 * a rate that is 500 ppm in one clock's seconds is not quite that in the other's.
 */
export const MAX_DRIFT = 0.000501;

/** Stamps of a server are whole microseconds, cut off. */
const STAMP_MS = 0.001;

/** The bounds that one exchange gives, as evidence for the estimate. */
export interface Sample {
  /** The monotonic clock in the middle of the exchange. */
  readonly atMs: number;
  /** The offset is at most this, and less by what the question was on its way. */
  readonly high: number;
  /** The offset is at least this, and more by what the answer was on its way. */
  readonly low: number;
}

/** A server's track. Offsets are counted from an origin, so that they are small numbers. */
export class Track {
  readonly server: string;
  readonly #origin: number;
  /** The lowest upper bound and the highest lower bound, each taken back to the monotonic clock's 0 by the drift. */
  #high = Number.POSITIVE_INFINITY;
  #low = Number.NEGATIVE_INFINITY;
  #samples: Sample[] = [];
  #heardMs = Number.NEGATIVE_INFINITY;

  constructor(server: string, origin: number) {
    this.server = server;
    this.#origin = origin;
  }

  /** The evidence, the oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** The monotonic clock when the server was last heard. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /**
   * Takes in an exchange.
   *
   * @param isEvidence Whether the estimate may rest on it; the bounds always do.
   */
  add({ askedMs, receivedMs, sentMs, answeredMs }: Exchange, isEvidence: boolean): void {
    const high = receivedMs + STAMP_MS - this.#origin - askedMs;
    const low = sentMs - this.#origin - answeredMs;
    // Both were true at some moment since the question left.
    this.#high = Math.min(this.#high, high - MAX_DRIFT * askedMs);
    this.#low = Math.max(this.#low, low + MAX_DRIFT * askedMs);
    this.#heardMs = answeredMs;
    if (isEvidence) {
      this.#samples.push({ atMs: (askedMs + answeredMs) / 2, high, low });
    }
  }

  /**
   * Where the offset lies for certain.
   *
   * @param monotonicMs When: not before the last exchange.
   * @param grainMs How far a reading of the monotonic clock may be from the truth.
   */
  bounds(monotonicMs: number, grainMs: number): Interval {
    const drift = MAX_DRIFT * (monotonicMs + 2 * grainMs);
    return { low: this.#low - drift - grainMs, high: this.#high + drift + grainMs };
  }

  /** Forgets evidence from before an instant of the monotonic clock. */
  forgetBefore(monotonicMs: number): void {
    this.#samples = this.#samples.filter(({ atMs }) => atMs >= monotonicMs);
  }
}
