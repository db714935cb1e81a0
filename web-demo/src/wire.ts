/** When a question really left and its answer really came, which a busy page notices late. */

/** Two times since the page was opened, in milliseconds. */
export interface Times {
  readonly askedMs: number;
  readonly answeredMs: number;
}

/**
 * The browser's own record of the last exchange with an address, if it lies within the times that the page measured;
 * otherwise those.
 */
export function onTheWire(address: string, measured: Times): Times {
  const entry = performance.getEntriesByName(address, "resource").at(-1);
  const { requestStart = 0, responseStart = 0 } = (entry ?? {}) as Partial<PerformanceResourceTiming>;
  const isPlausible =
    requestStart >= measured.askedMs && responseStart > requestStart && responseStart <= measured.answeredMs;
  return isPlausible ? { askedMs: requestStart, answeredMs: responseStart } : measured;
}

/** Makes room for the record: browsers stop after some hundred entries, and the page asks more often than that. */
export function makeRoom(): void {
  performance.clearResourceTimings?.();
}
