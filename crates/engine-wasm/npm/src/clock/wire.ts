/**
 * When a question really left the machine and its answer really came, by Resource Timing. A busy page starts late and notices
 * late; the browser's network does not. Of another origin only with its leave, the header `Timing-Allow-Origin`.
 */

/** Two readings of `performance.now()`. */
export interface WireStamps {
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** Watches for the stamps of one address, which no other request has. Begins before the request. */
export type WatchWire = (address: string) => Watch;

/** What is being watched for. */
export interface Watch {
  /** The stamps, once the answer was read to its end. `undefined` if the browser gives none. */
  stamps(): Promise<WireStamps | undefined>;
  /** Ends watching. */
  end(): void;
}

/** So long the browser may take to hand its record over, in milliseconds: it comes within one in all that were tried. */
const HANDED_OVER_MS = 20;

/** Watches by the browser's records; a page's own clearing of them, or their limit of 250, do no harm. */
export const watchWire: WatchWire = (address) => {
  let found: PerformanceEntry | undefined;
  let handOver: () => void = nothing;
  const observer = observe((entries) => {
    found ??= entries.find(({ name }) => name === address);
    if (found !== undefined) {
      handOver();
    }
  });
  return {
    async stamps() {
      found ??= performance.getEntriesByName?.(address, "resource").at(-1);
      if (found === undefined && observer !== undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, HANDED_OVER_MS);
          handOver = (): void => {
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

function observe(notice: (entries: PerformanceEntryList) => void): PerformanceObserver | undefined {
  // Node.js has observers, but its stamps do not say when a request left.
  const isPage = typeof document !== "undefined" || typeof importScripts !== "undefined";
  if (!isPage || typeof PerformanceObserver === "undefined") {
    return undefined;
  }
  const observer = new PerformanceObserver((list) => notice(list.getEntries()));
  observer.observe({ type: "resource" });
  return observer;
}

/**
 * `requestStart` is 0 if the server does not allow it to be seen. The answer is taken to have come when it ended: it is small, and
 * Firefox has `responseStart` too early if the connection broke, and it asked again by itself over another.
 */
function stampsOf(entry: PerformanceResourceTiming | undefined): WireStamps | undefined {
  return entry !== undefined && entry.requestStart > 0 && entry.responseEnd >= entry.requestStart
    ? { askedMs: entry.requestStart, answeredMs: entry.responseEnd }
    : undefined;
}

declare const importScripts: unknown;

function nothing(): void {
  // Nobody waits.
}
