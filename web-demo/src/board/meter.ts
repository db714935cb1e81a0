/** The traffic of all players, as counted by their networks. Players that have left still count. */
import type { Streamed } from "../costs/costs.js";
import { addTraffic, NO_TRAFFIC, type Traffic } from "../player/messages.js";
import type { Seat } from "./seat.js";

/** The figures of a player that the meter adds up. */
type Metered = Pick<Seat, "traffic" | "streamed">;

/** Sums over all players. */
export interface Totals {
  readonly traffic: Traffic;
  readonly streamed: Streamed;
}

/** The traffic of a span of time. */
export interface Flow extends Traffic {
  /** The length of the span, in milliseconds: up to a minute. */
  readonly spanMs: number;
}

interface Sample extends Traffic {
  readonly at: number;
}

const SPAN_MS = 60_000;
const EVERY_MS = 1_000;
const NOTHING: Totals = { traffic: NO_TRAFFIC, streamed: { steps: 0, bytes: 0 } };

export class Meter {
  #samples: Sample[] = [];
  #begunMs = performance.now();
  /** The figures of the players that have left. */
  #gone = NOTHING;

  /** Begins anew, with another session. */
  begin(): void {
    this.#samples = [];
    this.#gone = NOTHING;
    this.#begunMs = performance.now();
  }

  /** For how long the players have played, in milliseconds. */
  get playedMs(): number {
    return performance.now() - this.#begunMs;
  }

  /** Keeps the figures of a player that leaves. */
  keep(seat: Metered): void {
    this.#gone = add(this.#gone, seat);
  }

  note(seats: readonly Metered[]): void {
    const at = performance.now();
    if (at - (this.#samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= EVERY_MS) {
      this.#samples = [
        ...this.#samples.filter((sample) => at - sample.at <= SPAN_MS),
        { at, ...this.totals(seats).traffic },
      ];
    }
  }

  /** Returns the sums over the players that are there and those that have left. */
  totals(seats: readonly Metered[]): Totals {
    return seats.reduce<Totals>(add, this.#gone);
  }

  /** Returns the traffic of the last minute, or since the beginning if that is less. */
  lastMinute(seats: readonly Metered[]): Flow {
    const first = this.#samples[0];
    const now = this.totals(seats).traffic;
    const isAll = this.playedMs < SPAN_MS || first === undefined;
    const since = isAll ? NO_TRAFFIC : first;
    return {
      timeRequests: now.timeRequests - since.timeRequests,
      otherRequests: now.otherRequests - since.otherRequests,
      bytes: now.bytes - since.bytes,
      events: now.events - since.events,
      spanMs: Math.min(this.playedMs, SPAN_MS),
    };
  }
}

function add(one: Totals, other: Metered): Totals {
  return {
    traffic: addTraffic(one.traffic, other.traffic),
    streamed: {
      steps: one.streamed.steps + other.streamed.steps,
      bytes: one.streamed.bytes + other.streamed.bytes,
    },
  };
}
