/** The calls of the REST API that the page makes. */
import type { Rules, Session } from "tickseed";

import type { Exchange } from "./clock.js";
import { makeRoom, onTheWire } from "./wire.js";

/** A session as the server answers it. */
export interface SessionAnswer extends Session {
  readonly id: string;
  readonly start_at: string;
  readonly stopped_at?: string | null;
  readonly rules: Required<Rules> & { break_interval: { min: number; max: number } };
}

/** A session, and the very text that it came in. */
export interface HandedOut {
  readonly session: SessionAnswer;
  readonly text: string;
}

/** What the server itself computes. */
export interface StateAnswer {
  readonly step: number;
  readonly value: number;
  readonly round: number;
  readonly broken: boolean;
  readonly computed_at: string;
  readonly status: "running" | "stopped";
}

/** What can be wished of a new session. */
export interface Wish {
  readonly tick_ms: number;
  readonly rules: Rules;
}

interface TimeAnswer {
  readonly received_us: number;
  readonly sent_us: number;
}

/** No answer came, or one that only says that the server cannot answer. Asking again later may help. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** The server refused: asking again does not help. */
export class Refused extends Error {
  override readonly name = "Refused";
  /** The problem's code, such as `session_not_found`. */
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** How long an answer may take before the server counts as unreachable. */
const PATIENCE_MS = 3_000;

/** A server, at the address that the page came from. */
export class Server {
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch = (...request) => fetch(...request)) {
    this.#fetch = fetcher;
  }

  /** Creates a session. */
  create(wish: Wish): Promise<HandedOut> {
    return this.#handOut("/v1/sessions", posting(wish));
  }

  /** Reads a session. The browser may keep it for some seconds: the page wants to hear of a stop at once, so it asks. */
  session(id: string): Promise<HandedOut> {
    return this.#handOut(addressOf(id), { cache: "no-cache" });
  }

  /** The state now, as the server computes it. */
  async state(id: string): Promise<StateAnswer> {
    return (await json(await this.#ask(`${addressOf(id)}/state`))) as StateAnswer;
  }

  /** Stops a session at an instant, in milliseconds since the Unix epoch. */
  async stop(id: string, atMs: number): Promise<void> {
    await this.#ask(`${addressOf(id)}/stop`, posting({ at: new Date(atMs).toISOString() }));
  }

  /**
   * Asks for the server's time.
   *
   * @param deviceUs What the device's clock shows at a time since the page was opened, in milliseconds.
   */
  async time(deviceUs: (monotonicMs: number) => number): Promise<Exchange> {
    makeRoom();
    const before = performance.now();
    const response = await this.#ask("/v1/time");
    const after = performance.now();
    const { received_us, sent_us } = (await json(response)) as TimeAnswer;
    const { askedMs, answeredMs } = onTheWire(response.url, { askedMs: before, answeredMs: after });
    return {
      askedUs: deviceUs(askedMs),
      receivedUs: received_us,
      sentUs: sent_us,
      answeredUs: deviceUs(answeredMs),
    };
  }

  async #handOut(address: string, request?: RequestInit): Promise<HandedOut> {
    const text = await body(await this.#ask(address, request));
    return { session: parsed(text) as SessionAnswer, text };
  }

  async #ask(address: string, request: RequestInit = {}): Promise<Response> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await this.#fetch(address, { ...request, signal }).catch((cause: unknown) => {
      throw new Unreachable("no answer came", { cause });
    });
    if (response.status >= 500) {
      throw new Unreachable(`the answer was ${response.status} ${response.statusText}`.trim());
    }
    if (!response.ok) {
      throw await refusal(response);
    }
    return response;
  }
}

function addressOf(id: string): string {
  return `/v1/sessions/${encodeURIComponent(id)}`;
}

function posting(content: unknown): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
  };
}

/** The text of an answer. A connection can still break while it comes. */
function body(response: Response): Promise<string> {
  return response.text().catch((cause: unknown) => {
    throw new Unreachable("the answer broke off", { cause });
  });
}

async function json(response: Response): Promise<unknown> {
  return parsed(await body(response));
}

/** What is not JSON comes from something between the page and the server. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Unreachable("the answer was not JSON", { cause });
  }
}

async function refusal(response: Response): Promise<Error> {
  const problem = (await json(response)) as { code?: string; detail?: string };
  return new Refused(problem.code ?? String(response.status), problem.detail ?? response.statusText);
}
