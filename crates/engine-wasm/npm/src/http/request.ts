import type { Platform } from "../platform.js";
import { ServerError, SessionError } from "./error.js";
import type { Problem } from "./schemas.js";

/** An answer that takes longer is not waited for, in milliseconds. */
const PATIENCE_MS = 10_000;

/** What of a platform a request needs. */
export type Network = Pick<Platform, "fetch" | "timers">;

/**
 * Asks, and gives the JSON of the answer.
 *
 * @throws {@link ServerError} if the server refuses, {@link SessionError} if no answer comes, and the signal's reason once it
 *   is aborted.
 */
export async function request(
  network: Network,
  address: string,
  init?: RequestInit,
  signal?: AbortSignal,
): Promise<unknown> {
  return (await ask(network, address, init, signal)).answer;
}

/** An answer, and whether it is from memory: then it may be out of date. */
export interface Answered {
  readonly answer: unknown;
  readonly isFromMemory: boolean;
}

/** The same, with how old the answer is said to be. */
export async function ask(
  { fetch, timers }: Network,
  address: string,
  init: RequestInit = {},
  signal?: AbortSignal,
): Promise<Answered> {
  signal?.throwIfAborted();
  const asking = new AbortController();
  const abort = (): void => asking.abort(signal?.reason);
  const late = new SessionError("timeout", `no answer from ${address} within ${PATIENCE_MS / 1_000} s`);
  const cancel = timers.set(() => asking.abort(late), PATIENCE_MS);
  signal?.addEventListener("abort", abort);
  try {
    const response = await fetch(address, { ...init, signal: asking.signal });
    const text = await response.text();
    return { answer: answerOf(address, response, text), isFromMemory: response.headers.has("age") };
  } catch (error) {
    throw failure(address, error, asking.signal);
  } finally {
    cancel();
    signal?.removeEventListener("abort", abort);
  }
}

/** A request that hands JSON over. */
export function posting(content: unknown): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(content),
  };
}

function answerOf(address: string, response: Response, text: string): unknown {
  const answer = parsed(text);
  if (response.ok && answer !== undefined) {
    return answer;
  }
  if (!response.ok && isProblem(answer)) {
    const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    throw new ServerError(answer, Number.isNaN(seconds) ? undefined : seconds);
  }
  const shown = `${response.status} ${response.statusText}`.trim();
  throw new SessionError("bad_answer", `${address} answered ${shown}, which is no answer of tickseed`);
}

function parsed(text: string): unknown {
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

/** What to throw instead of what `fetch` threw. */
function failure(address: string, error: unknown, { aborted, reason }: AbortSignal): unknown {
  if (aborted) {
    return reason;
  }
  if (error instanceof ServerError || error instanceof SessionError) {
    return error;
  }
  const why = error instanceof Error ? error.message : String(error);
  return new SessionError("unreachable", `no answer from ${address}: ${why}`, { cause: error });
}
