/** The REST API of a server. */
import { EngineError } from "../engine/error.js";
import { printable } from "../engine/input.js";
import { milliseconds } from "../engine/instant.js";
import { type Platform, platform } from "../platform.js";
import { serverAddress, sessionAddress } from "./address.js";
import { SessionError } from "./error.js";
import { posting, request } from "./request.js";
import type { NewSession, SessionRecord, Stop } from "./schemas.js";

/** Options of a request. */
export interface RequestOptions {
  /** Cancels the request, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Replaces parts of the platform, such as `fetch`. */
  readonly platform?: Partial<Platform> | undefined;
}

/**
 * Creates a session.
 *
 * @param server The server's address, such as `https://ticks.example`.
 * @throws {@link ServerError} `invalid_fields` for values out of range, with all of them in `problem.errors`;
 *   {@link SessionError} if there is no response, although the session may have been created.
 *
 * @example
 * ```ts
 * const { id } = await createSession("https://ticks.example", { tick_ms: 100 });
 * const session = await connect(`https://ticks.example/v1/sessions/${id}`);
 * ```
 */
export async function createSession(
  server: string | URL,
  session: NewSession,
  options: RequestOptions = {},
): Promise<SessionRecord> {
  const address = serverAddress(server, "/v1/sessions");
  return sessionRecord(address, await ask(address, options, posting(session)));
}

/**
 * Reads a session.
 *
 * @param session Its address, such as `https://ticks.example/v1/sessions/sess_...`.
 * @throws {@link ServerError} `session_not_found` if it does not exist, or no longer exists.
 */
export async function getSession(
  session: string | URL,
  options: RequestOptions = {},
): Promise<SessionRecord> {
  const address = sessionAddress(session).session;
  return sessionRecord(address, await ask(address, options));
}

/**
 * Stops a session for all clients.
 *
 * @param session Its address.
 * @param when `at` is the instant of the stop: not in the past, and now by default. Set it a little in the future so that every
 *   client hears of it in time.
 * @throws {@link ServerError} `session_stopped` or `stop_not_earlier`, with `problem.stopped_at`, if an earlier stop is set;
 *   {@link EngineError} if `at` is not an instant.
 */
export async function stopSession(
  session: string | URL,
  when: RequestOptions & { readonly at?: Date | number | string | undefined } = {},
): Promise<Stop> {
  const { at, ...options } = checkedWhen(when);
  const content =
    at === undefined
      ? {}
      : { at: typeof at === "string" ? at : new Date(milliseconds("at", at)).toISOString() };
  return (await ask(sessionAddress(session).stop, options, posting(content))) as Stop;
}

/** Throws for a bare instant, which in JavaScript would go unnoticed and stop the session at once. */
function checkedWhen<When extends object>(when: When): When {
  if (typeof when !== "object" || when instanceof Date) {
    const got = when instanceof Date ? "a Date" : printable(when);
    throw new EngineError("not_an_instant", "at", `at must be passed as { at: instant }, got ${got}`);
  }
  return when;
}

/** Returns whether a response is a session. Checks only what distinguishes one; the engine checks the rest. */
export function isSessionRecord(answer: unknown): answer is SessionRecord {
  const { id, seed, revision, stopped_at = null } = (answer ?? {}) as Partial<SessionRecord>;
  return (
    typeof id === "string" &&
    typeof seed === "string" &&
    Number.isSafeInteger(revision) &&
    (stopped_at === null || isInstant(stopped_at))
  );
}

/** Returns whether a value is a string that the engine accepts as an instant. */
function isInstant(text: unknown): boolean {
  try {
    return typeof text === "string" && milliseconds("stopped_at", text) >= 0;
  } catch {
    return false;
  }
}

/** Returns a response as a session, or throws. */
export function sessionRecord(address: string, answer: unknown): SessionRecord {
  if (!isSessionRecord(answer)) {
    throw new SessionError("bad_answer", `the response from ${address} is not a session`);
  }
  return answer;
}

function ask(address: string, options: RequestOptions, init?: RequestInit): Promise<unknown> {
  return request(platform(options.platform), address, init, options.signal);
}
