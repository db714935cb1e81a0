/**
 * When a request really left the machine and its response really arrived, by Resource Timing. A busy page starts late and
 * notices late; the browser's network process does not. For other origins the server must send `Timing-Allow-Origin`.
 */

/** Two readings of `performance.now()`. */
export interface RequestStamps {
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** Starts to watch for the timing of an address that no other request uses. Call it before the request. */
export type WatchResourceTiming = (address: string) => Watch;

/** A running watch. */
export interface Watch {
  /** Resolves to the stamps once the response was read to its end, or to `undefined` if the browser gives none. */
  stamps(): Promise<RequestStamps | undefined>;
  /** Stops watching. */
  end(): void;
}

/** How long to wait for the browser's entry, in milliseconds. All browsers tried deliver it within one. */
const ENTRY_WAIT_MS = 20;

/** Watches with an observer, which a page's own clearing of entries, or their limit of 250, does not affect. */
export const watchResourceTiming: WatchResourceTiming = (address) => {
  let found: PerformanceEntry | undefined;
  let onFound: () => void = nothing;
  const observer = observe((entries) => {
    found ??= entries.find(({ name }) => name === address);
    if (found !== undefined) {
      onFound();
    }
  });
  return {
    async stamps() {
      found ??= performance.getEntriesByName?.(address, "resource").at(-1);
      if (found === undefined && observer !== undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ENTRY_WAIT_MS);
          onFound = (): void => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return stampsOf(found as PerformanceResourceTiming | undefined);
    },
    end: () => observer?.disconnect(),
  };
};

function observe(onEntries: (entries: PerformanceEntryList) => void): PerformanceObserver | undefined {
  // Node.js has observers, but its entries do not say when a request left.
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  const isKnown = typeof PerformanceObserver === "function" ? PerformanceObserver.supportedEntryTypes : [];
  if (process?.versions?.node !== undefined || isKnown?.includes("resource") !== true) {
    return undefined;
  }
  const observer = new PerformanceObserver((list) => onEntries(list.getEntries()));
  observer.observe({ type: "resource" });
  return observer;
}

/**
 * `requestStart` is 0 if the server does not allow access to it. `responseEnd` stands for the arrival because the response is
 * small, and Firefox reports `responseStart` too early when a connection breaks and it retries over another.
 */
function stampsOf(entry: PerformanceResourceTiming | undefined): RequestStamps | undefined {
  return entry !== undefined && entry.requestStart > 0 && entry.responseEnd >= entry.requestStart
    ? { askedMs: entry.requestStart, answeredMs: entry.responseEnd }
    : undefined;
}

function nothing(): void {
  // No promise is waiting.
}
