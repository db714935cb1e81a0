/**
 * The platform the package runs on: clocks, timers, network, wake events. Every part can be replaced, to run sessions in
 * simulated time or where a part is missing.
 */
import type { Random, Timers, TimeSource, WakeEvents } from "./clock/inputs.js";
import { type WatchResourceTiming, watchResourceTiming } from "./clock/resource-timing.js";

/** The part of a server-sent event that sessions use. */
export interface StreamEvent {
  readonly data?: string;
  readonly lastEventId?: string;
}

/** The part of `EventSource` that sessions use. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: StreamEvent) => void): void;
  close(): void;
}

/** The platform that sessions run on. */
export interface Platform {
  readonly time: TimeSource;
  readonly timers: Timers;
  readonly random: Random;
  readonly wakeEvents: WakeEvents;
  readonly fetch: typeof fetch;
  /** Missing in Node.js: sessions then poll the server. */
  readonly EventSource: (new (address: string) => EventStream) | undefined;
  /** Finds out when requests really left. Without it the bound of the clock is wider. */
  readonly watchResourceTiming: WatchResourceTiming | undefined;
}

/** Headers by their names. */
export type RequestHeaders = Readonly<Record<string, string>>;

/**
 * Returns the platform that this program runs on, with some parts replaced.
 *
 * @param headers Sent with every request, except those for event streams: `EventSource` cannot send any.
 */
export function platform(overrides: Partial<Platform> = {}, headers?: RequestHeaders): Platform {
  const parts = withoutHeaders(overrides);
  return headers === undefined
    ? parts
    : {
        ...parts,
        fetch: (input, init) => parts.fetch(input, { ...init, headers: { ...headers, ...init?.headers } }),
      };
}

function withoutHeaders(overrides: Partial<Platform>): Platform {
  return {
    time: SYSTEM_TIME,
    timers: SYSTEM_TIMERS,
    random: Math.random,
    wakeEvents: pageWakeEvents,
    // Looks `fetch` up at each call, so that later replacements take effect.
    fetch: (...request) => fetch(...request),
    EventSource: (globalThis as { EventSource?: Platform["EventSource"] }).EventSource,
    // Its stamps are readings of the system clock.
    watchResourceTiming: overrides.time === undefined ? watchResourceTiming : undefined,
    ...overrides,
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

/** The events of a page that was frozen, restored from the back-forward cache, shown again, or is online again. */
const pageWakeEvents: WakeEvents = (listener) => {
  const { document, window } = globalThis as { document?: Document; window?: Window };
  const listening = new AbortController();
  const options = { signal: listening.signal };
  document?.addEventListener("resume", () => listener("woken"), options);
  document?.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") {
        listener("back");
      }
    },
    options,
  );
  window?.addEventListener(
    "pageshow",
    (event) => {
      if (event.persisted) {
        listener("woken");
      }
    },
    options,
  );
  window?.addEventListener("online", () => listener("back"), options);
  return () => listening.abort();
};
