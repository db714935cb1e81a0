import { abortReason, onAbort, throwIfAborted } from "../abort.js";
import type { Clock } from "../clock/clock.js";
import { ClockView } from "../clock/view.js";
import { type EngineSource, loadEngine } from "../engine/load.js";
import { type SessionAddress, serverAddress, sessionAddress } from "../http/address.js";
import { SessionError } from "../http/error.js";
import { checkNames, type OptionNames } from "../http/options.js";
import type { FailedAttempt } from "../http/retry.js";
import { retrying } from "../http/retrying.js";
import type { SessionRecord } from "../http/schemas.js";
import { requestSession } from "../http/session-answer.js";
import { type Platform, platform, type RequestHeaders } from "../platform.js";
import { borrowClock, type ClockLease, makeClock, ownClock } from "./clocks.js";
import { LiveSession } from "./live.js";
import { type CatchUp, checkCatchUp } from "./ticker.js";

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** Cancels connecting. Later it closes the session, like {@link LiveSession.close}. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Which `tick` events the page gets for steps that it missed, for example in the background: `"recent"` ones (the default),
   * which are those that began less than 2 seconds ago, or else the latest one; `"all"` of them, which are 288,000 after
   * 8 hours with ticks of 100 ms; or only the `"latest"`. They come in order in each case. Breaks do not depend on it.
   */
  readonly catchUp?: CatchUp | undefined;
  /**
   * A clock of the session's server, from {@link openClock}. It stays open when the session closes. By default all sessions
   * of a server share a clock, which closes with the last of them.
   */
  readonly clock?: Clock | undefined;
  /**
   * The session of this address as another program has read it: rendered into the page by a server, stored for an offline start, or
   * sent by a worker (records are plain JSON, so they can be cloned). Saves the request for the session; later changes arrive as
   * usual. The time still has to come from the server, unless `clock` has been set already: then nothing is requested before the
   * session is up.
   */
  readonly record?: SessionRecord | undefined;
  /**
   * Whether to try again after errors that may pass, as `mayPass` says of each error: offline, or while the server is busy or
   * restarts. The pauses grow to about 15 s. If the server asks for one, it is that long to twice as long, so that the clients do
   * not all come back at once.
   */
  readonly retry?: boolean | undefined;
  /** With `retry`: receives each failed attempt, with the time until the next one. */
  readonly onRetry?: ((failed: FailedAttempt) => void) | undefined;
  /**
   * Headers of all requests for the session and the time, such as `authorization`. Event streams cannot have headers: for those,
   * add what the server needs to the query of the address, which goes with every request.
   */
  readonly headers?: RequestHeaders | undefined;
  /**
   * What gives the right to change the session: its control token, from `createSession`, or an API key with the right `control`. Sent
   * only with `stop()`, `pause()` and the other changes, and never part of an address. Those who only watch need none.
   */
  readonly token?: string | undefined;
  /** Where the WebAssembly module comes from, as in `loadEngine`. */
  readonly engine?: EngineSource | undefined;
  /** Replaces parts of the platform: clocks, timers, `fetch`, `EventSource`. */
  readonly platform?: Partial<Platform> | undefined;
}

const OPTIONS: OptionNames<ConnectOptions> = {
  signal: true,
  catchUp: true,
  clock: true,
  record: true,
  retry: true,
  onRetry: true,
  headers: true,
  token: true,
  engine: true,
  platform: true,
};

/**
 * Connects to a session: reads it from the server, loads the engine, sets the clock, and listens for changes and a stop.
 *
 * The session, the time and the engine are requested at the same time, so a state is known after one round trip. The clock soon
 * becomes more exact: see `clock.errorMs`.
 *
 * @param address The address of the session: `https://ticks.example/v1/sessions/sess_...`, or relative to the page. Its query,
 *   such as `?token=...`, goes with every request.
 * @throws {@link ServerError} for an error response, for example `session_not_found`; {@link SessionError} if there is no
 *   response; {@link EngineError} if the engine does not load, the session needs another version of it, or requires something
 *   that this version of the package does not understand, or an option does not exist; the signal's reason once it is aborted.
 *
 * @example
 * ```ts
 * const session = await connect("https://ticks.example/v1/sessions/sess_...", { retry: true });
 * session.on("tick", ({ value, broken }) => draw(value, broken));
 * ```
 */
export async function connect(address: string | URL, options: ConnectOptions = {}): Promise<LiveSession> {
  // If something else fails first, nobody would notice that this promise is rejected.
  Promise.resolve(options.engine).catch(nothing);
  checkNames("option", options, OPTIONS);
  checkCatchUp(options.catchUp);
  const { signal, onRetry: failed = nothing } = options;
  const parts = platform(options.platform, options.headers);
  const addresses = sessionAddress(address);
  const attempt = (): Promise<LiveSession> => connectOnce(addresses, options, parts);
  return await (options.retry === true ? retrying(attempt, { platform: parts, signal, failed }) : attempt());
}

async function connectOnce(
  address: SessionAddress,
  options: ConnectOptions,
  parts: Platform,
): Promise<LiveSession> {
  const { signal, record, token, catchUp = "recent" } = options;
  throwIfAborted(signal);
  checkRecord(record, address);
  checkClock(options.clock, address);
  const { clock, release } = clockFor(options, parts, address);
  const connecting = new AbortController();
  const unlink = onAbort(signal, (reason) => connecting.abort(reason));
  try {
    const [answer] = await Promise.all([
      record === undefined ? requestSession(parts, address.session, connecting.signal) : { record, etag: "" },
      loadEngine(options.engine),
      untilReady(clock, connecting.signal),
    ]);
    throwIfAborted(connecting.signal);
    return new LiveSession({
      platform: parts,
      address,
      token,
      answer,
      clock: new ClockView(clock),
      releaseClock: release,
      catchUp,
      signal,
    });
  } catch (error) {
    // Cancels the steps that are still running.
    connecting.abort(error);
    release();
    throw reasonFor(error, signal);
  } finally {
    unlink();
  }
}

/** The type of {@link connect}. */
export type Connect = typeof connect;

/** Throws for the record of another session, whose changes would never arrive. The engine rejects what is no record. */
function checkRecord(record: SessionRecord | undefined, { session }: SessionAddress): void {
  const { id } = record ?? {};
  if (id !== undefined && !withoutQuery(session).endsWith(`/${id}`)) {
    throw new SessionError("not_an_address", `the record is that of ${id}, not of ${session}`);
  }
}

function checkClock(clock: Clock | undefined, { time }: SessionAddress): void {
  if (clock?.isClosed === true) {
    throw closed();
  }
  // A token in the query may be that of the session alone.
  if (clock?.address !== undefined && withoutQuery(clock.address) !== withoutQuery(time)) {
    throw new SessionError("other_clock", `the clock to share asks ${clock.address}, not ${time}`);
  }
}

function withoutQuery(address: string): string {
  return address.replace(/\?.*/, "");
}

function closed(): SessionError {
  return new SessionError("closed", "the clock to share is closed");
}

function clockFor(options: ConnectOptions, parts: Platform, { time }: SessionAddress): ClockLease {
  if (options.clock !== undefined) {
    return { clock: options.clock, release: nothing };
  }
  // A replaced platform may have another time.
  return options.platform === undefined ? borrowClock(parts, time, options.headers) : ownClock(parts, time);
}

/**
 * Opens a clock of a server's time, to use it without a session or to share it between sessions.
 *
 * @param server The server's address, such as `https://ticks.example`. Its query goes with every request.
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
  options: Pick<ConnectOptions, "signal" | "headers" | "platform"> = {},
): Promise<Clock> {
  const parts = platform(options.platform, options.headers);
  const { signal } = options;
  throwIfAborted(signal);
  const clock = makeClock(parts, serverAddress(server, "/v1/time"), signal);
  try {
    await untilReady(clock, signal);
  } catch (error) {
    clock.close();
    throw reasonFor(error, signal);
  }
  return clock;
}

/** Returns the reason of an aborted signal instead of an error that follows from it, such as that the clock is closed. */
function reasonFor(error: unknown, signal: AbortSignal | undefined): unknown {
  return signal?.aborted === true ? abortReason(signal) : error;
}

/** Waits until the clock can be read. Rejects if a request fails before, or the clock is closed. */
async function untilReady(clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  if (clock.isReady) {
    return;
  }
  const offs: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      offs.push(
        clock.on("synced", () => resolve()),
        clock.on("error", ({ error }) => reject(error)),
        clock.on("closed", () => reject(closed())),
        onAbort(signal, reject),
      );
    });
  } finally {
    for (const off of offs) {
      off();
    }
  }
}

function nothing(): void {
  // There is nothing to release, or nobody to tell.
}
