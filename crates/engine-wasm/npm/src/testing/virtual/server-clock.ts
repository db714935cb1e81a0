/** The clock of a server. */
import type { Agenda } from "./agenda.js";

/** A server's name and its clock. */
export class ServerClock {
  /** The name that the server gives with its time. */
  name: string;
  /** How far the clock is ahead of true time, in milliseconds. */
  aheadMs: number;
  readonly #agenda: Agenda;
  readonly #epochMs: number;

  /** @param epochMs True time at the beginning of the world, since the Unix epoch. */
  constructor(agenda: Agenda, epochMs: number, name: string, aheadMs = 0) {
    this.#agenda = agenda;
    this.#epochMs = epochMs;
    this.name = name;
    this.aheadMs = aheadMs;
  }

  /** The server's time, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.#epochMs + this.aheadMs + this.#agenda.now;
  }

  /** The server's time as it stamps responses: truncated to whole microseconds. */
  get stampMs(): number {
    return this.#epochMs + Math.floor((this.aheadMs + this.#agenda.now) * 1_000) / 1_000;
  }
}
