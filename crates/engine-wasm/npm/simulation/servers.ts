/** The servers behind one address, each with its own clock. */
import type { Agenda } from "../src/testing/virtual/agenda.js";
import type { Rng } from "../src/testing/virtual/random.js";
import { ServerClock } from "../src/testing/virtual/server-clock.js";

/** One server. */
export interface Server {
  readonly clock: ServerClock;
  /** When its last response reached the page, in true time. */
  heardAt: number;
}

/** How a load balancer distributes requests. */
export type Balancing = "each request" | "each connection";

/** The time a server takes to respond, in milliseconds. Uniform in its logarithm. */
const ANSWERS_IN_MS = [0.02, 2] as const;
/** How long a server counts after a response, in milliseconds. */
const COUNTS_MS = 60_000;

/** The servers. */
export class Servers {
  readonly #agenda: Agenda;
  readonly #balancing: Balancing;
  readonly #rng: Rng;
  readonly all: readonly Server[];

  constructor(agenda: Agenda, epochMs: number, offsetsMs: readonly number[], balancing: Balancing, rng: Rng) {
    this.#agenda = agenda;
    this.#balancing = balancing;
    this.#rng = rng;
    this.all = offsetsMs.map((offsetMs, index) => ({
      clock: new ServerClock(agenda, epochMs, `server-${index + 1}`, offsetMs),
      heardAt: Number.NEGATIVE_INFINITY,
    }));
  }

  /** Returns the server that a new connection leads to. */
  connect(): Server {
    return this.#rng.pick(this.all);
  }

  /** Returns the server that responds over a connection to `connected`. */
  answering(connected: Server): Server {
    return this.#balancing === "each request" ? this.#rng.pick(this.all) : connected;
  }

  answersAfter(): number {
    return this.#rng.betweenLog(...ANSWERS_IN_MS);
  }

  /**
   * Returns the interval that a clock must cover: all servers that have responded recently, or else the last one.
   */
  truth(): { readonly low: number; readonly high: number } {
    const { now } = this.#agenda;
    const last = Math.max(...this.all.map(({ heardAt }) => heardAt));
    const since = Math.min(last, now - COUNTS_MS);
    const times = this.all.filter(({ heardAt }) => heardAt >= since).map(({ clock }) => clock.now);
    return { low: Math.min(...times), high: Math.max(...times) };
  }
}
