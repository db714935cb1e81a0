/** Compares the errors of the clock and of the baselines at the same instants. */

import { Single, Timesync } from "./baselines.js";
import type { PlainExchange } from "./exchanges.js";
import type { Kind, Measures, Moment } from "./measures.js";
import type { SimulatedWorld } from "./simulated-world.js";
import type { Reading } from "./subject.js";

/** Measures the errors of one session. */
export class Comparison {
  readonly #world: SimulatedWorld;
  readonly #measures: Measures;
  readonly #single = new Single();
  readonly #timesync = new Timesync();

  constructor(world: SimulatedWorld, measures: Measures) {
    this.#world = world;
    this.#measures = measures;
  }

  answered(exchange: PlainExchange): void {
    this.#single.answered(exchange);
    this.#timesync.answered(exchange);
  }

  /** The clock was set, so the baselines may be set too. */
  synced(): void {
    this.#timesync.settle();
  }

  /** Returns how far a time is from the server's time; with several servers, from the nearest of those that count. */
  errorOf(now: number): number {
    const { low, high } = this.#world.servers.truth();
    return now < low ? now - low : Math.max(0, now - high);
  }

  /** Records the errors at this instant. */
  measure(moment: Moment, reading: Reading): void {
    const wallMs = this.#world.machine.wallMs();
    this.#measures.series(`bound ${moment}`).add(reading.errorMs);
    this.#note(moment, "clock", reading.now);
    this.#note(moment, "timesync", this.#timesync.now(wallMs));
    this.#note(moment, "single", this.#single.now(wallMs));
  }

  /** Records an error, less what no client can detect. */
  #note(moment: Moment, kind: Kind, now: number | undefined): void {
    if (now !== undefined) {
      const unseen = this.#world.network.asymmetryMs / 2;
      this.#measures.series(`${moment} ${kind}`).add(Math.max(0, Math.abs(this.errorOf(now)) - unseen));
    }
  }
}
