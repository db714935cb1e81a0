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

/** Headers by their names. */
export type RequestHeaders = Readonly<Record<string, string>>;

/**
 * Returns the platform that this program runs on, with some parts replaced.
 *
 * @param headers Sent with every request, except those for event streams: `EventSource` cannot send any.
 */
export function platform(overrides: Partial<Platform> = {}, headers?: RequestHeaders): Platform {
  const parts = withoutHeaders(overrides);
  if (headers === undefined) {
    return parts;
  }
  const own = Object.fromEntries(headerPairs(headers));
  return {
    ...parts,
    fetch: (input, init) => parts.fetch(input, { ...init, headers: { ...own, ...init?.headers } }),
  };
}

/** Returns the names, in lower case, and values of headers, which in JavaScript may also be an instance of `Headers`. */
export function headerPairs(headers: RequestHeaders | undefined): [string, string][] {
  return [...new Headers(headers)];
}

function withoutHeaders(overrides: Partial<Platform>): Platform {
  return {
    time: SYSTEM_TIME,
    timers: SYSTEM_TIMERS,
    random: Math.random,
    wakeEvents: pageWakeEvents,
    fetch: supportedFetch(),
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
  const locks = navigator?.locks;
  return {
    EventSource: isFunction(EventSource) ? EventSource : undefined,
    locks: isFunction(locks?.request) ? locks : undefined,
    channel: isFunction(BroadcastChannel) ? BroadcastChannel : undefined,
    document: isFunction(document?.addEventListener) ? document : undefined,
  };
}

/** Tells what a global can do: programs put objects of their own under the names of globals. */
function isFunction(value: unknown): boolean {
  return typeof value === "function";
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

/** The options that some platforms reject. */
const NOT_EVERYWHERE = ["cache", "signal"] as const;

/**
 * Returns a `fetch` that leaves out the options which this platform rejects: the first Cloudflare Workers knew no `cache`, and a page
 * that is simulated in Node.js has signals that the `fetch` of Node.js does not take. Each option is tried out once, at its first
 * use, because that would take part of the time of each exchange with a server's clock.
 */
function supportedFetch(): Platform["fetch"] {
  const isSupported = new Map<string, boolean>();
  return (address, init = {}) => {
    const kept = { ...init };
    for (const name of NOT_EVERYWHERE.filter((option) => init[option] !== undefined)) {
      if (!isSupported.has(name)) {
        isSupported.set(name, accepts(address, { [name]: init[name] }));
      }
      if (isSupported.get(name) === false) {
        delete kept[name];
      }
    }
    // Looked up at each call, so that later replacements take effect.
    return fetch(address, kept);
  };
}

function accepts(address: RequestInfo | URL, option: RequestInit): boolean {
  try {
    return new Request(address, option) !== undefined;
  } catch {
    return false;
  }
}

/** The events of a page that was frozen, restored from the back-forward cache, shown again, or is online again. */
const pageWakeEvents: WakeEvents = (listener) => {
  const { document, window } = globalThis as { document?: Document; window?: Window };
  const listening = [
    listen(document, "resume", () => listener("woken")),
    listen(document, "visibilitychange", () => {
      if (document?.visibilityState === "visible") {
        listener("back");
      }
    }),
    listen(window, "pageshow", (event) => {
      if ((event as PageTransitionEvent).persisted) {
        listener("woken");
      }
    }),
    listen(window, "online", () => listener("back")),
  ];
  return () => {
    for (const end of listening) {
      end();
    }
  };
};

/** Adds a listener, if the global is what its name says. Gives no signal, which another realm's target would reject. */
function listen(target: EventTarget | undefined, type: string, listener: (event: Event) => void): () => void {
  if (typeof target?.addEventListener !== "function") {
    return () => undefined;
  }
  target.addEventListener(type, listener);
  return () => target.removeEventListener?.(type, listener);
}
