/**
 * What exchanges with one server reveal about its clock, as long as nothing disrupts the machine's own clocks.
 *
 * The *offset* is the server's time less the machine's monotonic clock. An exchange bounds it on both sides, because the
 * request cannot arrive before it was sent, nor the response be sent after it arrived:
 *
 *     sent - answered  <=  offset  <=  received - asked
 *
 * These bounds hold at the moment of the exchange. Since the two clocks drift apart by no more than `MAX_DRIFT`, they hold later
 * too, widened by that much. The bounds of all exchanges hold together, so the narrowest on each side counts.
 */
import type { Exchange } from "./inputs.js";
import type { Interval } from "./interval.js";

/**
 * How fast two clocks may drift apart. NTP slews a clock by at most 500 ppm. The limit is slightly higher because 500 ppm in
 * one clock's seconds is a little more in the other's.
 */
export const MAX_DRIFT = 0.000501;

/** A server truncates its stamps to whole microseconds. */
const STAMP_MS = 0.001;

/** The bounds from one exchange, as evidence for the estimate. */
export interface Sample {
  /** The monotonic clock in the middle of the exchange. */
  readonly atMs: number;
  /** An upper bound of the offset. It is too high by the time the request took. */
  readonly high: number;
  /** A lower bound of the offset. It is too low by the time the response took. */
  readonly low: number;
}

/** The track of one server. Offsets are relative to an origin, so that they are small numbers. */
export class Track {
  readonly server: string;
  readonly #origin: number;
  /** The lowest upper bound and the highest lower bound, each extrapolated to 0 on the monotonic clock. */
  #high = Number.POSITIVE_INFINITY;
  #low = Number.NEGATIVE_INFINITY;
  #samples: Sample[] = [];
  #heardMs = Number.NEGATIVE_INFINITY;

  constructor(server: string, origin: number) {
    this.server = server;
    this.#origin = origin;
  }

  /** The evidence, oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** The monotonic clock at the server's last response. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /**
   * Adds an exchange.
   *
   * @param isEvidence Whether the estimate may rest on it. The bounds always do.
   */
  add({ askedMs, receivedMs, sentMs, answeredMs }: Exchange, isEvidence: boolean): void {
    const high = receivedMs + STAMP_MS - this.#origin - askedMs;
    const low = sentMs - this.#origin - answeredMs;
    // Both bounds held at some moment after the request was sent.
    this.#high = Math.min(this.#high, high - MAX_DRIFT * askedMs);
    this.#low = Math.max(this.#low, low + MAX_DRIFT * askedMs);
    this.#heardMs = answeredMs;
    if (isEvidence) {
      this.#samples.push({ atMs: (askedMs + answeredMs) / 2, high, low });
    }
  }

  /**
   * Returns the guaranteed bounds of the offset.
   *
   * @param monotonicMs The instant, no earlier than the last exchange.
   * @param resolutionMs How far a reading of the monotonic clock may be off.
   */
  bounds(monotonicMs: number, resolutionMs: number): Interval {
    const drift = MAX_DRIFT * (monotonicMs + 2 * resolutionMs);
    return { low: this.#low - drift - resolutionMs, high: this.#high + drift + resolutionMs };
  }

  /** Drops evidence from before an instant of the monotonic clock. */
  forgetBefore(monotonicMs: number): void {
    this.#samples = this.#samples.filter(({ atMs }) => atMs >= monotonicMs);
  }
}
