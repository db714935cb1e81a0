/** Responses with a session, and what they promise (docs/schedule.md, section 2). */
import { milliseconds } from "../engine/instant.js";
import { SessionError } from "./error.js";
import { type Answer, type Network, send } from "./request.js";
import type { SessionRecord } from "./schemas.js";

/** A session as the server has it. */
export interface SessionAnswer {
  readonly record: SessionRecord;
  /** The entity tag of the record, as in the header `ETag`; empty if it is unknown. */
  readonly etag: string;
  /** Before this instant nothing changes that is not in the record. */
  readonly settledUntil?: number | undefined;
  /** Whether the response comes from a cache, and so may be out of date. */
  readonly isFromCache?: boolean;
}

/**
 * Reads a session past the browser's own cache, which would shorten the notice of changes. The browser still sends the entity tag
 * that it has; it adds the headers of a 304 response to those it has.
 *
 * @throws {@link ServerError} and {@link SessionError} as `request` does; `bad_answer` for a response that is not a session.
 */
export async function requestSession(
  network: Network,
  address: string,
  signal?: AbortSignal,
): Promise<SessionAnswer> {
  return sessionAnswer(address, await send(network, address, { cache: "no-cache" }, signal));
}

/** Returns a response as a session with what its headers say, or throws. */
export function sessionAnswer(address: string, { answer, headers }: Answer): SessionAnswer {
  return {
    record: sessionRecord(address, answer),
    etag: strongTag(headers.get("etag") ?? ""),
    settledUntil: instantIn(headers.get("tickseed-settled-until")),
    isFromCache: headers.has("age"),
  };
}

/** Returns a response as a session, or throws. */
export function sessionRecord(address: string, answer: unknown): SessionRecord {
  if (!isSessionRecord(answer)) {
    throw new SessionError("bad_answer", `the response from ${address} is not a session`);
  }
  return answer;
}

/** Returns whether a response is a session. Checks only what distinguishes one; the engine checks the rest. */
export function isSessionRecord(answer: unknown): answer is SessionRecord {
  const { id, seed, revision, stopped_at = null } = (answer ?? {}) as Partial<SessionRecord>;
  return (
    typeof id === "string" &&
    typeof seed === "string" &&
    Number.isSafeInteger(revision) &&
    (stopped_at === null || (instantIn(stopped_at) ?? -1) >= 0)
  );
}

/** Returns the instant of a string that the engine accepts as one, or `undefined` for anything else. */
export function instantIn(text: unknown): number | undefined {
  try {
    return typeof text === "string" ? milliseconds("instant", text) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns an entity tag without what a proxy may have added: one that compresses a response weakens its tag. */
export function strongTag(etag: string): string {
  return etag.replace(/^W\//, "");
}
