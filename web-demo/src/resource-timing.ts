/** When a request really left and its response really arrived, which a busy page notices late. */

/** The times of an exchange since the page was opened, in milliseconds. */
export interface Times {
  readonly askedMs: number;
  readonly answeredMs: number;
}

/**
 * Returns the browser's own record of the last exchange with an address, if it lies within the times that the page
 * measured, and otherwise the measured times.
 */
export function networkTimes(address: string, measured: Times): Times {
  const entry = performance.getEntriesByName(address, "resource").at(-1);
  const { requestStart = 0, responseStart = 0 } = (entry ?? {}) as Partial<PerformanceResourceTiming>;
  const isPlausible =
    requestStart >= measured.askedMs && responseStart > requestStart && responseStart <= measured.answeredMs;
  return isPlausible ? { askedMs: requestStart, answeredMs: responseStart } : measured;
}

/** Clears old records, because browsers stop recording after a few hundred. */
export function clearTimings(): void {
  performance.clearResourceTimings?.();
}
