import { onAbort, throwIfAborted } from "../abort.js";
import { reasonOf } from "../engine/error.js";
import type { Platform } from "../platform.js";
import { ServerError, SessionError } from "./error.js";
import type { Problem } from "./schemas.js";

/** The timeout of a request, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** The part of a platform that a request needs. */
export type Network = Pick<Platform, "fetch" | "timers">;

/**
 * Sends a request and returns the JSON of the response.
 *
 * @throws {@link ServerError} for an error response, {@link SessionError} if there is no response, and the signal's reason once
 *   it is aborted.
 */
export async function request(
  network: Network,
  address: string,
  init?: RequestInit,
  signal?: AbortSignal,
): Promise<unknown> {
  return (await send(network, address, init, signal)).answer;
}

/** The JSON of a response, and its headers. */
export interface Answer {
  readonly answer: unknown;
  readonly headers: Headers;
}

/** Does the same, and also returns the headers. */
export async function send(
  { fetch, timers }: Network,
  address: string,
  init: RequestInit = {},
  signal?: AbortSignal,
): Promise<Answer> {
  throwIfAborted(signal);
  const sending = new AbortController();
  let end: (reason: unknown) => void = nothing;
  // Not every `fetch` ends when its signal is aborted, and not every signal keeps the reason.
  const ended = new Promise<never>((_, reject) => {
    end = (reason): void => {
      reject(reason);
      sending.abort(reason);
    };
  });
  const late = new SessionError("timeout", `no response from ${address} within ${TIMEOUT_MS / 1_000} s`);
  const cancel = timers.set(() => end(late), TIMEOUT_MS);
  const release = onAbort(signal, (reason) => end(reason));
  try {
    const receiving = receive(address, fetch(address, { ...init, signal: sending.signal }));
    const { response, text } = await Promise.race([ended, receiving]);
    return { answer: answerOf(address, response, text), headers: response.headers };
  } finally {
    cancel();
    release();
  }
}

/**
 * Returns the options of a POST request with a JSON body.
 *
 * @param ifMatch The entity tag that the server must still have.
 */
export function posting(content: unknown, ifMatch?: string): RequestInit {
  const condition = ifMatch === undefined ? {} : { "if-match": ifMatch };
  return {
    method: "POST",
    headers: { "content-type": "application/json", ...condition },
    body: JSON.stringify(content),
  };
}

function answerOf(address: string, response: Response, text: string): unknown {
  const answer = parsed(text);
  if (response.ok && answer !== undefined) {
    return answer;
  }
  const retryAfterSeconds = secondsIn(response.headers);
  if (!response.ok && isProblem(answer)) {
    // A proxy may have changed the status, and then the status decides.
    throw new ServerError({ ...answer, status: response.status }, retryAfterSeconds);
  }
  const status = `${response.status} ${response.statusText}`.trim();
  throw new SessionError(
    "bad_answer",
    `the response from ${address} (${status}) is not from a tickseed server`,
    { retryAfterSeconds },
  );
}

/**
 * Returns the seconds of the header `Retry-After`, which has a number or a date; `undefined` without a valid one. A date is compared
 * with the time of the response, because the clock of the device may be wrong.
 */
function secondsIn(headers: Headers): number | undefined {
  const wish = headers.get("retry-after") ?? "";
  const sent = headers.get("date") ?? "";
  const seconds = /^\d+$/.test(wish) ? Number(wish) : (Date.parse(wish) - Date.parse(sent)) / 1_000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds));
}

/** Parses JSON. Returns `undefined` for anything else. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(answer: unknown): answer is Problem {
  const { code, detail, status } = (answer ?? {}) as Partial<Problem>;
  return typeof code === "string" && typeof detail === "string" && typeof status === "number";
}

/** Receives a response. Only an error of the network means that the server is unreachable, and no error in a program does. */
async function receive(
  address: string,
  responding: Promise<Response>,
): Promise<{ readonly response: Response; readonly text: string }> {
  const fail = (cause: unknown): never => {
    throw new SessionError("unreachable", `no response from ${address}: ${reasonOf(cause)}`, { cause });
  };
  const response = await responding.catch(fail);
  return { response, text: await response.text().catch(fail) };
}

function nothing(): void {
  // The promise does not exist yet.
}
