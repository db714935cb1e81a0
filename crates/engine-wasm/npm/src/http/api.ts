/** The REST API of a server. */
import { EngineError } from "../engine/error.js";
import { shown } from "../engine/input.js";
import { milliseconds } from "../engine/instant.js";
import { type Platform, platform } from "../platform.js";
import { serverAddress, sessionAddress } from "./address.js";
import { SessionError } from "./error.js";
import { posting, request } from "./request.js";
import type { NewSession, SessionRecord, Stop } from "./schemas.js";

/** How to ask a server. */
export interface RequestOptions {
  /** Ends the request; what it returned is then rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Replaces what the platform gives, such as `fetch`. */
  readonly platform?: Partial<Platform> | undefined;
}

/**
 * Creates a session.
 *
 * @param server The server's address, such as `https://ticks.example`.
 * @throws {@link ServerError} `invalid_fields` for what is out of range, with all that is wrong in `problem.errors`;
 *   {@link SessionError} if no answer comes: the session may have been created all the same.
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
 * @throws {@link ServerError} `session_not_found` if there is none, or none any more.
 */
export async function getSession(
  session: string | URL,
  options: RequestOptions = {},
): Promise<SessionRecord> {
  const address = sessionAddress(session).session;
  return sessionRecord(address, await ask(address, options));
}

/**
 * Stops a session for everybody alike.
 *
 * @param session Its address.
 * @param at When: not in the past. Now if left out. A little later lets everybody hear of it in time.
 * @throws {@link ServerError} `session_stopped` or `stop_not_earlier`, with `problem.stopped_at`, if it stops earlier already;
 *   {@link EngineError} if `at` is no instant.
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

/** JavaScript does not look: an instant by itself would have the session stopped at once. */
function checkedWhen<When extends object>(when: When): When {
  if (typeof when !== "object" || when instanceof Date) {
    const got = when instanceof Date ? "a Date" : shown(when);
    throw new EngineError("not_an_instant", "at", `at must be given as { at: instant }, got ${got}`);
  }
  return when;
}

/** Whether an answer is a session. Only what tells it from anything else is looked at; the engine checks the rest. */
export function isSessionRecord(answer: unknown): answer is SessionRecord {
  const { id, seed, revision, stopped_at = null } = (answer ?? {}) as Partial<SessionRecord>;
  return (
    typeof id === "string" &&
    typeof seed === "string" &&
    Number.isSafeInteger(revision) &&
    (stopped_at === null || isInstant(stopped_at))
  );
}

/** Whether it is text that the engine takes for an instant. */
function isInstant(text: unknown): boolean {
  try {
    return typeof text === "string" && milliseconds("stopped_at", text) >= 0;
  } catch {
    return false;
  }
}

/** Takes an answer for a session. */
export function sessionRecord(address: string, answer: unknown): SessionRecord {
  if (!isSessionRecord(answer)) {
    throw new SessionError("bad_answer", `${address} did not answer with a session`);
  }
  return answer;
}

function ask(address: string, options: RequestOptions, init?: RequestInit): Promise<unknown> {
  return request(platform(options.platform), address, init, options.signal);
}
