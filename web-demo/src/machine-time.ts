/** The machine's monotonic clock, on a scale that the page and its workers share. */

/** Returns the milliseconds that have passed by that clock since an instant that is the same for the page and its workers. */
export function machineNow(): number {
  return performance.timeOrigin + performance.now();
}
