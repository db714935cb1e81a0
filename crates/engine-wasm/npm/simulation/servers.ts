/** The servers behind the address, each with a clock of its own. */
import type { Agenda } from "../virtual/agenda.js";
import type { Rng } from "../virtual/random.js";
import { ServerClock } from "../virtual/server-clock.js";

/** One server. */
export interface Server {
  readonly clock: ServerClock;
  /** When the page last heard of it, in true time. */
  heardAt: number;
}

/** How a balancer spreads requests over them. */
export type Balancing = "each request" | "each connection";

/** A server takes this long to answer, in milliseconds, evenly spread over the orders of magnitude. */
const ANSWERS_IN_MS = [0.02, 2] as const;
/** For how long a server counts that has answered, in milliseconds. */
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

  /** Where a new connection ends. */
  connect(): Server {
    return this.#rng.pick(this.all);
  }

  /** Who answers over a connection that ends at a server. */
  answering(connected: Server): Server {
    return this.#balancing === "each request" ? this.#rng.pick(this.all) : connected;
  }

  answersAfter(): number {
    return this.#rng.betweenLog(...ANSWERS_IN_MS);
  }

  /**
   * The times that a clock has to cover: of all servers that were heard lately, else of the one that was heard last.
   */
  truth(): { readonly low: number; readonly high: number } {
    const { now } = this.#agenda;
    const last = Math.max(...this.all.map(({ heardAt }) => heardAt));
    const since = Math.min(last, now - COUNTS_MS);
    const times = this.all.filter(({ heardAt }) => heardAt >= since).map(({ clock }) => clock.now);
    return { low: Math.min(...times), high: Math.max(...times) };
  }
}
