/** When a request really left this machine and when its response really arrived, as the browser tells a worker afterwards. */

/** Readings of `performance.now()`. */
export interface Stamps {
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** How long the browser may take to tell, in milliseconds. */
const WAIT_MS = 20;

/** Watches for the timing of an address that no other request uses. Call it before the request. */
export function watchTiming(address: string): () => Promise<Stamps | undefined> {
  let tell: (entry: PerformanceEntry) => void = nothing;
  const observer = new PerformanceObserver((list) => list.getEntriesByName(address).forEach(tell));
  const found = new Promise<PerformanceEntry>((resolve) => {
    tell = resolve;
  });
  observer.observe({ type: "resource" });
  return async () => {
    const entry = await Promise.race([found, afterWait()]);
    observer.disconnect();
    performance.clearResourceTimings();
    return stampsOf(entry as PerformanceResourceTiming | undefined);
  };
}

/** Another origin gives the times only with the header `Timing-Allow-Origin`; without it they are 0. */
function stampsOf(entry: PerformanceResourceTiming | undefined): Stamps | undefined {
  return entry !== undefined && entry.requestStart > 0 && entry.responseEnd >= entry.requestStart
    ? { askedMs: entry.requestStart, answeredMs: entry.responseEnd }
    : undefined;
}

function afterWait(): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), WAIT_MS);
  });
}

function nothing(): void {
  // The promise does not exist yet.
}
