/**
 * The pauses between attempts to reach a server.
 *
 * Each attempt has a window of its own, twice as long as the one before, and the windows follow each other. The attempt takes
 * place at a random moment of its window. Clients that failed together, for example when a server restarted, therefore come back
 * evenly spread over the window. (With a random pause after each attempt instead, a client is twice as likely to try again at
 * the beginning of such a time as on average.)
 */

/** An attempt that failed, before the next one. */
export interface FailedAttempt {
  /** Why it failed: usually a `SessionError` or `ServerError`, whose message says what was requested. */
  readonly error: unknown;
  /** The pause before the next attempt, in milliseconds. It ends earlier when the page or the network is back. */
  readonly retryInMs: number;
}

/** The longest pause that a server can ask for, in milliseconds: an hour. */
const LONGEST_WISH_MS = 3_600_000;

/** The lengths of the windows, in milliseconds. */
export interface RetryWindows {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Decides when to try again. */
export class RetryPauses {
  readonly #windows: RetryWindows;
  readonly #random: () => number;
  #count = 0;
  /** What is left of the window of the last attempt, without what the server asked for. */
  #restMs = 0;

  constructor(windows: RetryWindows, random: () => number) {
    this.#windows = windows;
    this.#random = random;
  }

  /** The number of consecutive failures. */
  get count(): number {
    return this.#count;
  }

  /** Returns the pause after another failure, in milliseconds. It is at least as long as the server asks for. */
  next(error?: unknown): number {
    const wishMs = retryAfterMs(error);
    const ordinaryMs = Math.min(this.#windows.firstMs * 2 ** this.#count, this.#windows.longestMs);
    const windowMs = Math.max(wishMs, ordinaryMs);
    const atMs = windowMs * this.#random();
    const pauseMs = wishMs + this.#restMs + atMs;
    this.#count += 1;
    this.#restMs = Math.min(windowMs - atMs, ordinaryMs);
    return pauseMs;
  }

  /** Begins again with the first window, after a success. */
  reset(): void {
    this.#count = 0;
    this.#restMs = 0;
  }
}

/** Returns how long a server asks its clients to wait, in milliseconds: the header `Retry-After` of an error response, or 0. */
export function retryAfterMs(error: unknown): number {
  const seconds = (error as { retryAfterSeconds?: unknown } | undefined)?.retryAfterSeconds;
  return typeof seconds === "number" ? Math.min(1_000 * seconds, LONGEST_WISH_MS) : 0;
}

/** Returns whether an error may pass, so that another attempt makes sense. */
export function mayPass(error: unknown): boolean {
  return (error as { mayPass?: unknown } | undefined)?.mayPass === true;
}
