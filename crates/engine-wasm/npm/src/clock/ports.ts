/**
 * What a clock takes from the world around it. All of it is an argument, so that a clock runs in simulated time as it does
 * in a browser.
 */

/** The two clocks of a machine. */
export interface TimeSource {
  /**
   * Milliseconds since some instant, going on evenly whatever happens to the wall clock. May stop while the machine
   * sleeps, and may be rounded. In browsers `performance.now()`.
   */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch as the machine believes. May be wrong, and may be set. `Date.now()`. */
  wallMs(): number;
}

/** Has things done later. */
export interface Timers {
  /** Calls `run` once, after a delay in milliseconds at the earliest. What it returns takes that back. */
  set(run: () => void, delayMs: number): () => void;
}

/** Random numbers from 0 up to but not including 1. They keep clients from asking all at once. */
export type Random = () => number;

/** One question for the server's time and its answer. */
export interface Exchange {
  /** The monotonic clock not after the question left. */
  readonly askedMs: number;
  /** The server's time at which it took the question up, in milliseconds since the Unix epoch, with a fraction. */
  readonly receivedMs: number;
  /** The server's time at which it made the answer. */
  readonly sentMs: number;
  /** The monotonic clock not before the answer came. */
  readonly answeredMs: number;
  /** Whose clock it was: servers behind one address have clocks of their own. Empty if the server does not say. */
  readonly server: string;
}

/**
 * Asks for the server's time once. Rejects if no answer comes; with an error whose `code` is `"unreachable"` if the question has
 * reached nobody. The signal says that nobody waits any more.
 */
export type AskTime = (signal: AbortSignal) => Promise<Exchange>;

/**
 * Signs that things may have changed: the page was frozen or shown again, the network is back. Calls `notice` at each
 * until the function that it returns is called.
 */
export type Signs = (notice: (sign: Sign) => void) => () => void;

/** `woken`: the machine or page may have slept, so the clock cannot be trusted. `back`: it is worth asking now. */
export type Sign = "woken" | "back";
