import { abortReason, throwIfAborted } from "../abort.js";
import type { Clock } from "../clock/clock.js";
import { type EngineSource, loadEngine } from "../engine/load.js";
import { type SessionAddress, serverAddress, sessionAddress } from "../http/address.js";
import { SessionError } from "../http/error.js";
import { requestSession } from "../http/session-answer.js";
import { type Platform, platform } from "../platform.js";
import { borrowClock, type ClockLease, makeClock, ownClock } from "./clocks.js";
import { LiveSession } from "./live.js";
import type { CatchUp } from "./ticker.js";

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** Cancels connecting. Later it closes the session, like {@link LiveSession.close}. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Which `tick` events the page gets for steps that it missed, for example in the background: `"all"` of them in order
   * (the default), or only the `"latest"`.
   */
  readonly catchUp?: CatchUp | undefined;
  /**
   * A clock of the session's server, from {@link openClock}. It stays open when the session closes. By default all sessions
   * of a server share a clock, which closes with the last of them.
   */
  readonly clock?: Clock | undefined;
  /** Where the WebAssembly module comes from, as in `loadEngine`. */
  readonly engine?: EngineSource | undefined;
  /** Replaces parts of the platform: clocks, timers, `fetch`, `EventSource`. */
  readonly platform?: Partial<Platform> | undefined;
}

/**
 * Connects to a session: reads it from the server, loads the engine, sets the clock, and listens for changes and a stop.
 *
 * @param address The address of the session: `https://ticks.example/v1/sessions/sess_...`, or relative to the page.
 * @throws {@link ServerError} for an error response, for example `session_not_found`; {@link SessionError} if there is no
 *   response; {@link EngineError} if the engine does not load, the session needs another version of it, or requires something
 *   that this version of the package does not understand; the signal's reason once it is aborted.
 *
 * @example
 * ```ts
 * const session = await connect("https://ticks.example/v1/sessions/sess_...");
 * session.on("tick", ({ value, broken }) => draw(value, broken));
 * ```
 */
export async function connect(address: string | URL, options: ConnectOptions = {}): Promise<LiveSession> {
  const { signal, catchUp = "all" } = options;
  const parts = platform(options.platform);
  const addresses = sessionAddress(address);
  throwIfAborted(signal);
  checkClock(options.clock, addresses);
  const { clock, release } = clockFor(options, parts, addresses);
  const connecting = linkedController(signal);
  try {
    const [answer] = await Promise.all([
      requestSession(parts, addresses.session, connecting.signal),
      loadEngine(options.engine),
      untilReady(clock, connecting.signal),
    ]);
    throwIfAborted(connecting.signal);
    return new LiveSession({
      platform: parts,
      address: addresses,
      answer,
      clock,
      releaseClock: release,
      catchUp,
      signal,
    });
  } catch (error) {
    // Cancels the steps that are still running.
    connecting.abort(error);
    release();
    throw error;
  } finally {
    connecting.release();
  }
}

/** The type of {@link connect}. */
export type Connect = typeof connect;

function checkClock(clock: Clock | undefined, { time }: SessionAddress): void {
  if (clock?.isClosed === true) {
    throw new SessionError("closed", "the clock to share is closed");
  }
  if (clock?.address !== undefined && clock.address !== time) {
    throw new SessionError("other_clock", `the clock to share asks ${clock.address}, not ${time}`);
  }
}

function clockFor(options: ConnectOptions, parts: Platform, { time }: SessionAddress): ClockLease {
  if (options.clock !== undefined) {
    return { clock: options.clock, release: () => undefined };
  }
  // A replaced platform may have another time.
  return options.platform === undefined ? borrowClock(parts, time) : ownClock(parts, time);
}

/**
 * Opens a clock of a server's time, to use it without a session or to share it between sessions.
 *
 * @param server The server's address, such as `https://ticks.example`.
 * @throws {@link SessionError} or {@link ServerError} if the first request fails.
 *
 * @example
 * ```ts
 * const clock = await openClock("https://ticks.example");
 * const sessions = await Promise.all(addresses.map((address) => connect(address, { clock })));
 * ```
 */
export async function openClock(
  server: string | URL,
  options: Pick<ConnectOptions, "signal" | "platform"> = {},
): Promise<Clock> {
  const parts = platform(options.platform);
  const { signal } = options;
  throwIfAborted(signal);
  const clock = makeClock(parts, serverAddress(server, "/v1/time"), signal);
  try {
    await untilReady(clock, signal);
  } catch (error) {
    clock.close();
    throw error;
  }
  return clock;
}

/** A controller that also follows another signal until it is released. */
interface LinkedController {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  release(): void;
}

function linkedController(signal: AbortSignal | undefined): LinkedController {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  // The first request may have aborted the signal already.
  if (signal?.aborted === true) {
    abort();
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => signal?.removeEventListener("abort", abort),
  };
}

/** Waits until the clock is set for the first time. Rejects if a request fails before. */
function untilReady(clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  if (clock.isReady) {
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const end = (): void => {
      offSync();
      offSilence();
      signal?.removeEventListener("abort", abort);
    };
    const offSync = clock.on("sync", () => {
      end();
      resolve();
    });
    const offSilence = clock.on("silence", (error) => {
      end();
      reject(error);
    });
    const abort = (): void => {
      end();
      reject(signal && abortReason(signal));
    };
    signal?.addEventListener("abort", abort);
    if (signal?.aborted === true) {
      abort();
    }
  });
}
