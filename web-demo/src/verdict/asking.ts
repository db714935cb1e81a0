/** Asks the server for its own answer about an instant that the machine's clock can place. */
import { type Clock, openClock, readSession, type SessionRecord, type Timeline } from "tickseed";

import { machineNow } from "../machine-time.js";
import type { KnownSession } from "../session/known-session.js";
import type { Answer } from "./judge.js";

/** The state that the server computes. */
export interface ServerState {
  readonly step: number;
  readonly value: number;
  readonly round: number;
  readonly broken: boolean;
}

/** How long the server may take, in milliseconds. */
const PATIENCE_MS = 4_000;

/** An answer of the server that is an error. */
class Refusal extends Error {
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** Asks the server for the state at an instant. */
export async function serverStateAt(session: string, instant: number): Promise<ServerState> {
  const at = encodeURIComponent(new Date(instant).toISOString());
  const response = await fetch(`${session}/state?at=${at}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const answer = (await response.json()) as ServerState & {
    readonly detail?: string;
    readonly code?: string;
  };
  if (!response.ok) {
    throw new Refusal(answer.detail ?? `the server answered ${response.status}`, answer.code);
  }
  return answer;
}

/** The requests of the page itself, which check the players. The players' own requests do not count here. */
export class Asking {
  readonly #server: string;
  #clock: Promise<Clock> | undefined;
  #requests = 0;
  #timeRequests = 0;
  #reads = 0;

  constructor(server: string) {
    this.#server = server;
  }

  /** How many questions the page has asked. */
  get questions(): number {
    return this.#requests;
  }

  /** How many requests it has sent in all, those for the time and the session included. */
  get requests(): number {
    return this.#requests + this.#timeRequests + this.#reads;
  }

  /** Asks about the middle of the present step: a difference of a single step shows best there. */
  async ask(session: KnownSession): Promise<Answer> {
    const clock = await this.#opened();
    const from = machineNow();
    const { now, errorMs } = clock.read();
    const readingMs = machineNow() - from;
    const { version, timeline } = session;
    const instant = middleOfStep(timeline, now);
    const startsAt = session.startsAt;
    this.#requests += 1;
    const { step, value, round, broken } = await serverStateAt(session.address, instant);
    const sight = { step: instant < startsAt ? -1 : step, value, round, broken };
    return { at: from + (instant - now), sight: { ...sight, version, errorMs: errorMs + readingMs } };
  }

  /** Reads the session again. */
  async read(session: KnownSession): Promise<SessionRecord> {
    this.#reads += 1;
    return (await readSession(session.address, { signal: AbortSignal.timeout(PATIENCE_MS) })).record;
  }

  /** Stops asking for the time, until the next question. */
  rest(): void {
    this.#clock?.then((clock) => clock.close()).catch(nothing);
    this.#clock = undefined;
  }

  #opened(): Promise<Clock> {
    const counted: typeof fetch = (...request) => {
      this.#timeRequests += 1;
      return fetch(...request);
    };
    this.#clock ??= openInTime(this.#server, counted).catch((error: unknown) => {
      this.#clock = undefined;
      throw error;
    });
    return this.#clock;
  }
}

/** Opens a clock, or fails once the server has taken too long. */
async function openInTime(server: string, counted: typeof fetch): Promise<Clock> {
  const opening = new AbortController();
  const timer = setTimeout(() => opening.abort(new Error("the server does not answer")), PATIENCE_MS);
  try {
    return await openClock(server, { platform: { fetch: counted }, signal: opening.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** How close to the present the instant of a question is, in milliseconds, if a step lasts that long. */
const RECENT_MS = 200;

/** Returns a recent instant in the middle of a step. */
function middleOfStep(timeline: Timeline, now: number): number {
  const present = Math.floor(now);
  const step = timeline.stepAt(present);
  const begins = step === null ? 0 : timeline.timeOf(step);
  if (step === null || present - begins > 2 * RECENT_MS) {
    return present - RECENT_MS;
  }
  if (step === 0) {
    return Math.floor((begins + present) / 2);
  }
  return Math.floor(Math.max((timeline.timeOf(step - 1) + begins) / 2, begins - RECENT_MS));
}

function nothing(): void {
  // A clock that was not opened need not be closed.
}
