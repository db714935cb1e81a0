/** The REST API of a server: sessions and their stops. */
import type { Instant } from "../engine/session.js";
import { type Platform, platform, type RequestHeaders } from "../platform.js";
import { serverAddress, sessionAddress } from "./address.js";
import { idempotencyHeader } from "./idempotency.js";
import { createSessionBody, type NewSession } from "./new-session.js";
import { checkedOptions, type OptionNames, timestamp } from "./options.js";
import { posting, request } from "./request.js";
import { retrying } from "./retrying.js";
import type { SessionRecord, Stop } from "./schemas.js";
import { requestSession, sessionRecord } from "./session-answer.js";

/** Options of a request. */
export interface RequestOptions {
  /** Cancels the request, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Headers of the request, such as `authorization`. */
  readonly headers?: RequestHeaders | undefined;
  /** Replaces parts of the platform, such as `fetch`. */
  readonly platform?: Partial<Platform> | undefined;
}

/** @internal */
export const REQUEST_OPTIONS: OptionNames<RequestOptions> = { signal: true, headers: true, platform: true };

/** Options of a request that changes a session. */
export interface ControlOptions extends RequestOptions {
  /**
   * What gives the right to change the session: its control token, from {@link createSession}, or an API key with the right `control`.
   * Sent with this request alone, as `authorization`. A server with open access asks for none.
   */
  readonly token?: string | undefined;
}

/** @internal */
export const CONTROL_OPTIONS: OptionNames<ControlOptions> = { token: true, ...REQUEST_OPTIONS };

/** Options of {@link createSession}. */
export interface CreateOptions extends RequestOptions {
  /**
   * An API key with the right `create`, for servers that ask for one. Sent with this request alone, as `authorization`. Anyone with the
   * page has the key, so create such sessions on a server of your own.
   */
  readonly apiKey?: string | undefined;
  /**
   * Whether to repeat the request, for up to 30 s, after errors that may pass, such as a lost connection. All repetitions bear the same
   * idempotency key, so the server creates one session. Default: true.
   */
  readonly retry?: boolean | undefined;
}

/** For how long a request to create a session is repeated, in milliseconds. */
const CREATE_FOR_MS = 30_000;

/**
 * Creates a session.
 *
 * @param server The server's address, such as `https://ticks.example`.
 * @throws {@link ServerError} `invalid_fields` for values out of range, with all of them in `problem.errors`, under their names in
 *   the server's JSON; `credentials_required`, `credentials_invalid` and `right_missing` if the server asks for an API key;
 *   {@link SessionError} if there is no response, although the session may have been created;
 *   {@link EngineError} `unknown_option` for a field that does not exist, `not_an_instant`.
 *
 * @example
 * ```ts
 * const { address, controlToken } = await createSession("https://ticks.example", { tickMs: 100 });
 * const session = await connect(address, { token: controlToken });
 * await session.pause(); // players connect to the address without the token
 * ```
 */
export async function createSession(
  server: string | URL,
  session: NewSession,
  { apiKey, retry = true, ...options }: CreateOptions = {},
): Promise<CreatedSession> {
  const path = "/v1/sessions";
  const sessions = serverAddress(server, path);
  const parts = networkOf(options);
  const { headers, ...body } = posting(createSessionBody(session));
  const init = authorized({ ...body, headers: { ...headers, ...idempotencyHeader(parts.random) } }, apiKey);
  const create = (): Promise<unknown> => request(parts, sessions, init, options.signal);
  const repeating = { platform: parts, signal: options.signal, forMs: CREATE_FOR_MS, failed: nothing };
  const answer = sessionRecord(sessions, await (retry ? retrying(create, repeating) : create()));
  // The record may be handed on to everybody, but the token must stay secret.
  const { control_token: controlToken, ...record } = answer as SessionRecord & { control_token?: string };
  return {
    address: serverAddress(server, `${path}/${record.id}`),
    record,
    ...(controlToken === undefined ? {} : { controlToken }),
  };
}

/** A session that was just created. */
export interface CreatedSession {
  /** Its address, for `connect` and for whoever else takes part. */
  readonly address: string;
  readonly record: SessionRecord;
  /**
   * What gives the right to change the session, for `connect` and for functions such as `stopSession`. The server shows it only once.
   * Missing if the server has open access: then everybody may change the session.
   */
  readonly controlToken?: string;
}

/**
 * Reads a session, past the browser's cache. To compute its state, use {@link Timeline} or {@link connect}, which refuse a
 * session that requires something unknown to them.
 *
 * @param session Its address, such as `https://ticks.example/v1/sessions/sess_...`.
 * @throws {@link ServerError} `session_not_found` if it does not exist, or no longer exists.
 */
export async function getSession(
  session: string | URL,
  options: RequestOptions = {},
): Promise<SessionRecord> {
  return (await readSession(session, options)).record;
}

/** A session with what its response says about it. */
export interface SessionReading {
  readonly record: SessionRecord;
  /** The entity tag of the record, for `ifMatch`; `undefined` if the response does not show it, as behind some proxies. */
  readonly etag: string | undefined;
  /**
   * No change or stop that is missing from the record takes effect before this instant, in milliseconds since the Unix epoch.
   * `undefined` without a promise, as for sessions without a notice.
   */
  readonly settledUntil: number | undefined;
}

/**
 * Reads a session as {@link getSession} does, with its entity tag and the server's promise.
 *
 * @param session Its address.
 * @throws {@link ServerError} `session_not_found` if it does not exist, or no longer exists.
 *
 * @example
 * ```ts
 * const { record, etag } = await readSession(address);
 * if (record.schedule.length === 0) {
 *   await pauseSession(address, { ifMatch: etag }); // or `changed_meanwhile`
 * }
 * ```
 */
export async function readSession(
  session: string | URL,
  options: RequestOptions = {},
): Promise<SessionReading> {
  const { session: address } = sessionAddress(session);
  const answer = await requestSession(networkOf(options), address, options.signal);
  const { record, etag, settledUntil } = answer;
  return { record, etag: etag === "" ? undefined : etag, settledUntil };
}

/** Options of {@link stopSession}. */
export interface StopOptions extends ControlOptions {
  /**
   * When the session stops, by the server's clock: `clock.now + 5_000` rather than `Date.now() + 5_000`. By default as early as
   * possible: when the server receives the request, or after the notice of the session.
   */
  readonly at?: Instant | undefined;
  /**
   * The entity tag of the session that you know, from {@link readSession} or `LiveSession.etag`. If the session has another by
   * then, the error is `changed_meanwhile`.
   */
  readonly ifMatch?: string | undefined;
}

const STOP_OPTIONS: OptionNames<StopOptions> = { at: true, ifMatch: true, ...CONTROL_OPTIONS };

/**
 * Stops a session for all clients.
 *
 * @param session Its address.
 * @param when `at` is the instant of the stop: not in the past, and now by default. In a session without a notice, set it a
 *   little in the future, by the server's clock, so that every client hears of it in time.
 * @throws {@link ServerError} `session_stopped` or `stop_not_earlier`, with `problem.stopped_at`, if an earlier stop is set;
 *   `too_soon`, with `problem.earliest`, for an instant within the notice; `clock_unsure` while the server cannot keep the
 *   notice; `changed_meanwhile` if `ifMatch` is out of date; `credentials_required`, `credentials_invalid` and `right_missing` if
 *   `token` does not give the right; {@link EngineError} if `at` is not an instant, or for an option that does not exist.
 *
 * @example
 * ```ts
 * const clock = await openClock("https://ticks.example");
 * await stopSession(address, { at: clock.now + 5_000 });
 * ```
 */
export async function stopSession(session: string | URL, when: StopOptions = {}): Promise<Stop> {
  const { at, ifMatch, token, ...options } = checkedOptions("at", when, STOP_OPTIONS);
  const content = at === undefined ? {} : { at: timestamp("at", at) };
  const init = authorized(posting(content, ifMatch), token);
  return (await ask(sessionAddress(session).action("stop"), options, init)) as Stop;
}

function ask(address: string, options: RequestOptions, init?: RequestInit): Promise<unknown> {
  return request(networkOf(options), address, init, options.signal);
}

/**
 * Returns the options of a request with a token or an API key, if there is one. It takes precedence over the headers of the program.
 *
 * @internal
 */
export function authorized(init: RequestInit, credential: string | undefined): RequestInit {
  return credential === undefined
    ? init
    : { ...init, headers: { ...init.headers, authorization: `Bearer ${credential}` } };
}

/** @internal */
export function networkOf(options: RequestOptions): Platform {
  return platform(options.platform, options.headers);
}

function nothing(): void {
  // The last error says enough.
}
