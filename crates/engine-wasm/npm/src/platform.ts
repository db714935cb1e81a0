/**
 * What the package takes from where it runs: clocks, timers, network, signs of life. Every part can be replaced, so that
 * sessions run in simulated time, or where a part is missing.
 */
import type { Random, Signs, Timers, TimeSource } from "./clock/ports.js";
import { type WatchWire, watchWire } from "./clock/wire.js";

/** As much of an `EventSource` as is used. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: { readonly data?: string }) => void): void;
  close(): void;
}

/** Where sessions run. */
export interface Platform {
  readonly time: TimeSource;
  readonly timers: Timers;
  readonly random: Random;
  readonly signs: Signs;
  readonly fetch: typeof fetch;
  /** Missing in Node.js: stops are then learned by asking for the session again and again. */
  readonly EventSource: (new (address: string) => EventStream) | undefined;
  /** Tells when questions really left; the clock's bound is wider without. */
  readonly watchWire: WatchWire | undefined;
}

/** The platform that this program runs on. What is given takes the place of its own. */
export function platform(given: Partial<Platform> = {}): Platform {
  return {
    time: SYSTEM_TIME,
    timers: SYSTEM_TIMERS,
    random: Math.random,
    signs: pageSigns,
    // Looked up at each call: who replaces them later, or patches them, is heard.
    fetch: (...request) => fetch(...request),
    EventSource: (globalThis as { EventSource?: Platform["EventSource"] }).EventSource,
    // Its stamps are of the system's time.
    watchWire: given.time === undefined ? watchWire : undefined,
    ...given,
  };
}

const SYSTEM_TIME: TimeSource = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

const SYSTEM_TIMERS: Timers = {
  set(run, delayMs) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** What a page is told: that it is thawed, comes out of the back-forward cache, is shown, or has a network again. */
const pageSigns: Signs = (notice) => {
  const { document, window } = globalThis as { document?: Document; window?: Window };
  const listening = new AbortController();
  const options = { signal: listening.signal };
  document?.addEventListener("resume", () => notice("woken"), options);
  document?.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") {
        notice("back");
      }
    },
    options,
  );
  window?.addEventListener(
    "pageshow",
    (event) => {
      if (event.persisted) {
        notice("woken");
      }
    },
    options,
  );
  window?.addEventListener("online", () => notice("back"), options);
  return () => listening.abort();
};
