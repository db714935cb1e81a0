/** The calls of the REST API that the page makes. */
import type { Rules, SessionDefinition, SessionStatus } from "tickseed";

import type { Exchange } from "./clock.js";
import type { PaceRequest } from "./pace.js";
import { clearTimings, networkTimes } from "./resource-timing.js";
import { Tokens, tabStorage, withoutToken } from "./tokens.js";

/** A session as the server returns it. */
export interface SessionAnswer extends SessionDefinition {
  readonly id: string;
  readonly start_at: string;
  readonly stopped_at?: string | null;
  readonly schedule?: readonly ScheduledChange[];
  readonly notice_ms?: number;
  readonly revision: number;
  readonly rules: Required<Rules> & { break_interval: { min: number; max: number } };
}

/** Returns whether two answers hold the same version of a session, for a player. */
export function isSameVersion(one: SessionAnswer, other: SessionAnswer): boolean {
  return versionOf(one) === versionOf(other);
}

/** A store that has lost a change gives its revision to the next one, so the revision alone does not tell two apart. */
function versionOf({ revision, engine_version, requires, schedule, stopped_at }: SessionAnswer): string {
  return JSON.stringify([revision, engine_version, requires, schedule, stopped_at]);
}

/** A change of a session's pace. */
export type ScheduledChange =
  | { readonly at: string; readonly paused: true }
  | { readonly at: string; readonly tick_ms: number };

/** A session, and the exact text of the response. */
export interface HandedOut {
  readonly session: SessionAnswer;
  readonly text: string;
  /** Which request of this page it answers: answers to earlier ones, with lower numbers, may arrive later. */
  readonly order: number;
  /** Before this instant nothing changes that is not in the session; undefined if the server does not promise that. */
  readonly settledUntil: number | undefined;
}

/** The state that the server computes. */
export interface StateAnswer {
  readonly step: number;
  readonly value: number;
  readonly round: number;
  readonly broken: boolean;
  readonly computed_at: string;
  readonly status: SessionStatus;
}

/** The settings of a new session. */
export interface Wish {
  readonly tick_ms: number;
  readonly rules: Rules;
  readonly notice_ms: number;
}

interface TimeAnswer {
  readonly received_us: number;
  readonly sent_us: number;
}

/** The server did not respond, or only to say that it cannot answer. Retrying later may help. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** The server refused the request. Retrying does not help. */
export class Refused extends Error {
  override readonly name = "Refused";
  /** The problem's code, such as `session_not_found`. */
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** How long a response may take before the server counts as unreachable. */
export const PATIENCE_MS = 3_000;

/** The server that the page came from. */
export class Server {
  readonly #fetch: typeof fetch;
  readonly #tokens: Tokens;
  #requests = 0;

  constructor(
    fetcher: typeof fetch = (...request) => fetch(...request),
    tokens: Tokens = new Tokens(tabStorage()),
  ) {
    this.#fetch = fetcher;
    this.#tokens = tokens;
  }

  /** Creates a session, and keeps its control token if the server hands one out. */
  async create(wish: Wish): Promise<HandedOut> {
    const answer = await this.#handOut("/v1/sessions", posting(wish));
    const { session, text, token } = withoutToken(answer.session, answer.text);
    if (token !== undefined) {
      this.#tokens.keep(session.id, token);
    }
    return { ...answer, session, text };
  }

  /** Reads a session, bypassing the browser's cache so that the page hears of a stop at once. */
  session(id: string): Promise<HandedOut> {
    return this.#handOut(addressOf(id), { cache: "no-cache" });
  }

  /** Reads the state that the server computes now. */
  async state(id: string): Promise<StateAnswer> {
    return (await json(await this.#ask(`${addressOf(id)}/state`))) as StateAnswer;
  }

  /** Stops a session at an instant, in milliseconds since the Unix epoch, or as early as the server allows. */
  async stop(id: string, atMs: number | undefined): Promise<void> {
    const content = atMs === undefined ? {} : { at: new Date(atMs).toISOString() };
    await this.#ask(`${addressOf(id)}/stop`, posting(content, this.#tokens.of(id)));
  }

  /** Changes the pace of a session. */
  async change(id: string, { action, content }: PaceRequest): Promise<void> {
    await this.#ask(`${addressOf(id)}/${action}`, posting(content, this.#tokens.of(id)));
  }

  /**
   * Asks for the server's time.
   *
   * @param deviceUs Converts the milliseconds since the page was opened to the time on the device's clock.
   */
  async time(deviceUs: (monotonicMs: number) => number): Promise<Exchange> {
    clearTimings();
    const before = performance.now();
    const response = await this.#ask("/v1/time");
    const after = performance.now();
    const { received_us, sent_us } = (await json(response)) as TimeAnswer;
    const { askedMs, answeredMs } = networkTimes(response.url, { askedMs: before, answeredMs: after });
    return {
      askedUs: deviceUs(askedMs),
      receivedUs: received_us,
      sentUs: sent_us,
      answeredUs: deviceUs(answeredMs),
    };
  }

  async #handOut(address: string, request?: RequestInit): Promise<HandedOut> {
    this.#requests += 1;
    const order = this.#requests;
    const response = await this.#ask(address, request);
    const text = await body(response);
    const promise = response.headers.get("tickseed-settled-until");
    const settledUntil = promise === null ? undefined : Date.parse(promise);
    return { session: parsed(text) as SessionAnswer, text, order, settledUntil };
  }

  async #ask(address: string, request: RequestInit = {}): Promise<Response> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await this.#fetch(address, { ...request, signal }).catch((cause: unknown) => {
      throw new Unreachable("no response", { cause });
    });
    if (response.status >= 500) {
      throw new Unreachable(`the response was ${response.status} ${response.statusText}`.trim());
    }
    if (!response.ok) {
      throw await refused(response);
    }
    return response;
  }
}

function addressOf(id: string): string {
  return `/v1/sessions/${encodeURIComponent(id)}`;
}

/** @param token What gives the right to change the session. */
function posting(content: unknown, token?: string): RequestInit {
  const right = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return {
    method: "POST",
    headers: { "Content-Type": "application/json", ...right },
    body: JSON.stringify(content),
  };
}

/** Reads the body of a response. The connection can still break while it arrives. */
function body(response: Response): Promise<string> {
  return response.text().catch((cause: unknown) => {
    throw new Unreachable("the response broke off", { cause });
  });
}

async function json(response: Response): Promise<unknown> {
  return parsed(await body(response));
}

/** Parses JSON. A response that is not JSON comes from something between the page and the server. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Unreachable("the response was not JSON", { cause });
  }
}

async function refused(response: Response): Promise<Error> {
  const problem = (await json(response)) as { code?: string; detail?: string };
  return new Refused(problem.code ?? String(response.status), problem.detail ?? response.statusText);
}
