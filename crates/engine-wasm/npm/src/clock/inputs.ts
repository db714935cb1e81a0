/** The inputs of a clock. All of them are arguments, so that a clock runs in simulated time as it does in a browser. */

/** The two clocks of a machine. */
export interface TimeSource {
  /**
   * Milliseconds since an arbitrary instant, independent of the wall clock. May stop while the machine sleeps, and may be
   * rounded. In browsers this is `performance.now()`.
   */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch by the machine's wall clock, which may be wrong or set at any time: `Date.now()`. */
  wallMs(): number;
}

/** Schedules functions. */
export interface Timers {
  /** Calls `run` once, no earlier than after `delayMs` milliseconds. Returns a function that cancels it. */
  set(run: () => void, delayMs: number): () => void;
}

/** Returns a random number from 0 up to but not including 1. It keeps clients from sending requests all at once. */
export type Random = () => number;

/** One request for the server's time, and the response. */
export interface Exchange {
  /** A reading of the monotonic clock no later than the request was sent. */
  readonly askedMs: number;
  /** The server's time when it received the request, in milliseconds since the Unix epoch, with a fraction. */
  readonly receivedMs: number;
  /** The server's time when it sent the response. */
  readonly sentMs: number;
  /** A reading of the monotonic clock no earlier than the response arrived. */
  readonly answeredMs: number;
  /** The server that responded: servers behind one address have separate clocks. Empty if the server gives no name. */
  readonly server: string;
}

/**
 * Asks for the server's time once. Rejects if there is no response; if the request reached no server, the error's `code` is
 * `"unreachable"`. The clock aborts the signal when it no longer needs the response.
 */
export type AskTime = (signal: AbortSignal) => Promise<Exchange>;

/** Calls a listener at each wake event, until the returned function is called. */
export type WakeEvents = (listener: (event: WakeEvent) => void) => () => void;

/**
 * `woken`: the machine or the page may have slept, so the clock is unreliable until it has asked again. `back`: the network
 * or the page is back, so it is worth asking now.
 */
export type WakeEvent = "woken" | "back";
