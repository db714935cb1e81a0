/**
 * The server's time on a device that has a clock of its own, right or wrong. Everything is counted in whole
 * microseconds since the Unix epoch: such sums are exact in a JavaScript number, so two devices with one offset never
 * land on two sides of a tick.
 */

/** A question for the server's time and its answer: when they left and came, by each side's own clock. */
export interface Exchange {
  readonly askedUs: number;
  readonly receivedUs: number;
  readonly sentUs: number;
  readonly answeredUs: number;
}

/** What has to be added to a device's clock, and how wrong that can be. */
export interface Correction {
  readonly offsetUs: number;
  /** Half the time on the way: nobody can tell how it was shared between there and back. */
  readonly boundUs: number;
}

/** One reading of both clocks of a machine, in milliseconds. */
export interface Reading {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** How far the two clocks of a machine may part before it must have slept, or been set. */
const PARTED_MS = 1_000;

/**
 * What a device's clock shows.
 *
 * @param originMs The wall time at which the page was opened.
 * @param monotonicMs The time since then. It goes on evenly even if somebody sets the wall clock.
 * @param errorUs By how much the device is wrong.
 */
export function deviceTime(originMs: number, monotonicMs: number, errorUs: number): number {
  return Math.round((originMs + monotonicMs) * 1_000) + errorUs;
}

/** The correction that follows from one exchange: the server's middle lies on the device's middle. */
export function correction(exchange: Exchange): Correction {
  const { askedUs, receivedUs, sentUs, answeredUs } = exchange;
  const onTheWayUs = answeredUs - askedUs - (sentUs - receivedUs);
  return {
    offsetUs: Math.round((receivedUs + sentUs) / 2 - (askedUs + answeredUs) / 2),
    boundUs: Math.max(0, Math.ceil(onTheWayUs / 2)),
  };
}

/** The same exchange as a device would have seen it whose clock is wrong by so much. */
export function seenBy(errorUs: number, exchange: Exchange): Exchange {
  return {
    ...exchange,
    askedUs: exchange.askedUs + errorUs,
    answeredUs: exchange.answeredUs + errorUs,
  };
}

/** The server's time, in whole milliseconds. */
export function serverTime(deviceUs: number, { offsetUs }: Correction): number {
  return Math.floor((deviceUs + offsetUs) / 1_000);
}

/**
 * Whether the machine has slept between two readings: the monotonic clock stops meanwhile on most systems, which makes
 * every correction from before worthless. A wall clock that was set looks the same; to ask once more does no harm.
 */
export function hasSlept(before: Reading, after: Reading): boolean {
  const wall = after.wallMs - before.wallMs;
  const monotonic = after.monotonicMs - before.monotonicMs;
  return Math.abs(wall - monotonic) > PARTED_MS;
}
