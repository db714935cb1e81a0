import { askOver } from "../clock/ask.js";
import { Clock } from "../clock/clock.js";
import type { EngineSource } from "../engine/load.js";
import { type SessionAddress, serverAddress, sessionAddress } from "../http/address.js";
import { type SessionRecord, sessionRecord } from "../http/api.js";
import { SessionError } from "../http/error.js";
import { request } from "../http/request.js";
import { type Platform, platform } from "../platform.js";
import { LiveSession } from "./live.js";
import type { CatchUp } from "./ticker.js";

/** How to connect. */
export interface ConnectOptions {
  /** Ends connecting, and later the session, as {@link LiveSession.close} does. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What `on("tick")` tells of the steps that ran while the page could not: `"all"` of them, in order (the default), or only
   * the `"latest"`.
   */
  readonly catchUp?: CatchUp | undefined;
  /** A clock to share among sessions of one server, from {@link openClock}. It is not closed with the session. */
  readonly clock?: Clock | undefined;
  /** Where the WebAssembly module comes from, as for `loadEngine`. */
  readonly engine?: EngineSource | undefined;
  /** Replaces parts of the platform: clocks, timers, `fetch`, `EventSource`. */
  readonly platform?: Partial<Platform> | undefined;
}

/** Connects to a session. */
export type Connect = (address: string | URL, options?: ConnectOptions) => Promise<LiveSession>;

/** Makes `connect`, for an entry that loads the engine in its own way. */
export function connectWith(loadEngine: (source?: EngineSource) => Promise<void>): Connect {
  return async (address, options = {}) => {
    const { signal, catchUp = "all" } = options;
    const parts = platform(options.platform);
    const addresses = sessionAddress(address);
    signal?.throwIfAborted();
    if (options.clock?.isClosed === true) {
      throw new SessionError("closed", "the clock to share was closed");
    }
    const ownsClock = options.clock === undefined;
    const clock = options.clock ?? new Clock({ ...parts, ask: askOver(parts, addresses.time) });
    const connecting = follow(signal);
    try {
      const [record] = await Promise.all([
        handOut(parts, addresses, connecting.signal),
        loadEngine(options.engine),
        untilReady(clock, connecting.signal),
      ]);
      connecting.signal.throwIfAborted();
      return new LiveSession({
        platform: parts,
        address: addresses,
        record,
        clock,
        ownsClock,
        catchUp,
        signal,
      });
    } catch (error) {
      // What has not failed is not waited for any more.
      connecting.abort(error);
      if (ownsClock) {
        clock.close();
      }
      throw error;
    } finally {
      connecting.release();
    }
  };
}

/**
 * Opens a clock of a server's time, to be shared by several sessions of one page, so that the server is asked once for all.
 *
 * @param server The server's address, such as `https://ticks.example`.
 * @throws {@link SessionError} or {@link ServerError} if the first question is not answered.
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
  signal?.throwIfAborted();
  const ask = askOver(parts, serverAddress(server, "/v1/time"));
  const clock = new Clock({ ...parts, ask, signal });
  try {
    await untilReady(clock, signal);
  } catch (error) {
    clock.close();
    throw error;
  }
  return clock;
}

/** Something that a signal may abort, and its end too, until it is released. */
interface Following {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  release(): void;
}

function follow(signal: AbortSignal | undefined): Following {
  const following = new AbortController();
  const abort = (): void => following.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  // Asking may have had it aborted already.
  if (signal?.aborted === true) {
    abort();
  }
  return {
    signal: following.signal,
    abort: (reason) => following.abort(reason),
    release: () => signal?.removeEventListener("abort", abort),
  };
}

async function handOut(
  parts: Platform,
  { session }: SessionAddress,
  signal: AbortSignal,
): Promise<SessionRecord> {
  return sessionRecord(session, await request(parts, session, {}, signal));
}

/** Waits until the clock was set for the first time. A question that is not answered before ends that. */
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
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort);
    if (signal?.aborted === true) {
      abort();
    }
  });
}
