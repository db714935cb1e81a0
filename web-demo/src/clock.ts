/**
 * The server's time on a device whose own clock may be wrong. All times are whole microseconds since the Unix epoch:
 * JavaScript numbers add them exactly, so two devices with the same offset never disagree about a tick.
 */

/** A request for the server's time and its response, timed by each side's own clock. */
export interface Exchange {
  readonly askedUs: number;
  readonly receivedUs: number;
  readonly sentUs: number;
  readonly answeredUs: number;
}

/** The offset to add to a device's clock, and its error bound. */
export interface Correction {
  readonly offsetUs: number;
  /** Half the network time: nothing shows how it was split between the two directions. */
  readonly boundUs: number;
}

/** One reading of a machine's two clocks, in milliseconds. */
export interface Reading {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** How far a machine's two clocks may diverge before it must have slept or had its wall clock set. */
const PARTED_MS = 1_000;

/**
 * Returns the time that a device's clock shows.
 *
 * @param originMs The wall time at which the page was opened.
 * @param monotonicMs The time since then, which runs evenly even if the wall clock is set.
 * @param errorUs The error of the device's clock.
 */
export function deviceTime(originMs: number, monotonicMs: number, errorUs: number): number {
  return Math.round((originMs + monotonicMs) * 1_000) + errorUs;
}

/** Computes the correction from one exchange, assuming that the midpoints on both sides coincide. */
export function correction(exchange: Exchange): Correction {
  const { askedUs, receivedUs, sentUs, answeredUs } = exchange;
  const onTheWayUs = answeredUs - askedUs - (sentUs - receivedUs);
  return {
    offsetUs: Math.round((receivedUs + sentUs) / 2 - (askedUs + answeredUs) / 2),
    boundUs: Math.max(0, Math.ceil(onTheWayUs / 2)),
  };
}

/** Returns the same exchange as seen by a device whose clock is wrong by `errorUs`. */
export function seenBy(errorUs: number, exchange: Exchange): Exchange {
  return {
    ...exchange,
    askedUs: exchange.askedUs + errorUs,
    answeredUs: exchange.answeredUs + errorUs,
  };
}

/** Converts a device's time to the server's time, in whole milliseconds. */
export function serverTime(deviceUs: number, { offsetUs }: Correction): number {
  return Math.floor((deviceUs + offsetUs) / 1_000);
}

/**
 * Returns whether the machine has slept between two readings. On most systems the monotonic clock stops during sleep, which
 * invalidates every earlier correction. Setting the wall clock looks the same, but asking for the time again does no harm.
 */
export function hasSlept(before: Reading, after: Reading): boolean {
  const wall = after.wallMs - before.wallMs;
  const monotonic = after.monotonicMs - before.monotonicMs;
  return Math.abs(wall - monotonic) > PARTED_MS;
}
