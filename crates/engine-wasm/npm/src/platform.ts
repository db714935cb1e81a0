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

/** The part of `navigator.locks` that sessions use. */
export interface Locks {
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    granted: () => Promise<void>,
  ): Promise<unknown>;
}

/** The part of a `BroadcastChannel` that sessions use. */
export interface Channel {
  onmessage: ((message: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** The part of `document` that sessions use. */
export interface PageDocument {
  readonly visibilityState: string;
  /** The window, which says when the page is left. */
  readonly defaultView?: PageEvents | null;
  addEventListener: PageEvents["addEventListener"];
}

interface PageEvents {
  addEventListener(type: string, listener: () => void, options: { readonly signal: AbortSignal }): void;
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
  /** With these three, the tabs of a browser share an event stream. Without one of them, each page opens its own. */
  readonly locks?: Locks | undefined;
  readonly channel?: (new (name: string) => Channel) | undefined;
  readonly document?: PageDocument | undefined;
  /** Finds out when requests really left. Without it the bound of the clock is wider. */
  readonly watchResourceTiming: WatchResourceTiming | undefined;
}

/** Returns the platform that this program runs on, with some parts replaced. */
export function platform(overrides: Partial<Platform> = {}): Platform {
  return {
    time: SYSTEM_TIME,
    timers: SYSTEM_TIMERS,
    random: Math.random,
    wakeEvents: pageWakeEvents,
    // Looks `fetch` up at each call, so that later replacements take effect.
    fetch: (...request) => fetch(...request),
    ...pageParts(),
    // Its stamps are readings of the system clock.
    watchResourceTiming: overrides.time === undefined ? watchResourceTiming : undefined,
    ...overrides,
  };
}

/** The globals that only some platforms have. */
interface PageGlobals extends Pick<Platform, "document"> {
  readonly navigator?: Pick<Platform, "locks">;
  readonly BroadcastChannel?: Platform["channel"];
  readonly EventSource?: Platform["EventSource"];
}

/** Returns those of the parts that this platform has. */
function pageParts(): Pick<Platform, "EventSource" | "locks" | "channel" | "document"> {
  const { EventSource, navigator, BroadcastChannel, document } = globalThis as PageGlobals;
  return { EventSource, locks: navigator?.locks, channel: BroadcastChannel, document };
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
