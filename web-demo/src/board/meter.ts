/** What the players have sent within the last minute, from the figures that their networks have counted. */
import type { Seat } from "./seat.js";

/** What all players together have sent and received. */
export interface Totals {
  readonly timeRequests: number;
  readonly otherRequests: number;
  readonly bytes: number;
  readonly events: number;
}

/** What was sent within a span. */
export interface Flow extends Totals {
  /** The length of the span, in milliseconds: up to a minute. */
  readonly spanMs: number;
}

interface Sample extends Totals {
  readonly at: number;
}

const SPAN_MS = 60_000;
const EVERY_MS = 1_000;

export class Meter {
  #samples: Sample[] = [];
  #begunMs = performance.now();

  /** Begins anew, with another session. */
  begin(): void {
    this.#samples = [];
    this.#begunMs = performance.now();
  }

  /** For how long the players have played, in milliseconds. */
  get playedMs(): number {
    return performance.now() - this.#begunMs;
  }

  note(seats: readonly Seat[]): void {
    const at = performance.now();
    if (at - (this.#samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= EVERY_MS) {
      this.#samples = [
        ...this.#samples.filter((sample) => at - sample.at <= SPAN_MS),
        { at, ...totals(seats) },
      ];
    }
  }

  /** Returns what was sent within the last minute, or since the beginning if that is less. */
  lastMinute(seats: readonly Seat[]): Flow {
    const first = this.#samples[0];
    const now = totals(seats);
    const isAll = this.playedMs < SPAN_MS || first === undefined;
    const since = isAll ? { timeRequests: 0, otherRequests: 0, bytes: 0, events: 0 } : first;
    const left = (name: keyof Totals): number => Math.max(0, now[name] - since[name]);
    return {
      timeRequests: left("timeRequests"),
      otherRequests: left("otherRequests"),
      bytes: left("bytes"),
      events: left("events"),
      spanMs: Math.min(this.playedMs, SPAN_MS),
    };
  }
}

export function totals(seats: readonly Seat[]): Totals {
  const sum = (name: keyof Totals): number => seats.reduce((total, { traffic }) => total + traffic[name], 0);
  return {
    timeRequests: sum("timeRequests"),
    otherRequests: sum("otherRequests"),
    bytes: sum("bytes"),
    events: sum("events"),
  };
}
