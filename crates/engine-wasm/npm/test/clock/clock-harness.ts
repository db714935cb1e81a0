/** A clock in a virtual world, with its requests and events. */
import { askOver } from "../../src/clock/ask.js";
import { Clock, type ClockParts, type ClockReading } from "../../src/clock/clock.js";
import { ADDRESS, type Flaws, HttpWorld } from "../world/http-world.js";

/** A clock and its world. */
export class ClockHarness {
  readonly world: HttpWorld;
  readonly clock: Clock;
  /** All events in order, with their times. */
  readonly reported: { readonly event: "sync" | "error"; readonly atMs: number; readonly what: unknown }[] =
    [];

  constructor(traits: Flaws = {}, changes: Partial<ClockParts> = {}) {
    this.world = new HttpWorld(traits);
    const { platform, agenda } = this.world;
    this.clock = new Clock({ ...platform, ask: askOver(platform, `${ADDRESS}/v1/time`), ...changes });
    for (const event of ["sync", "error"] as const) {
      this.clock.on(event, (what: unknown) => this.reported.push({ event, atMs: agenda.now, what }));
    }
  }

  /** The times of its requests, in milliseconds since the world began. */
  get askedAt(): number[] {
    return this.world.server.requestsTo("/v1/time").map(({ atMs }) => atMs);
  }

  /** The number of requests in each burst. A pause of a tenth of a second ends a burst. */
  get bursts(): number[] {
    const { askedAt } = this;
    const { thereMs, backMs } = this.world.server;
    const bursts: number[] = [];
    askedAt.forEach((at, index) => {
      const isNext = at - (askedAt[index - 1] ?? Number.NEGATIVE_INFINITY) < thereMs + backMs + 100;
      bursts.push(isNext ? (bursts.pop() ?? 0) + 1 : 1);
    });
    return bursts;
  }

  /** The names of the events. */
  get events(): string[] {
    return this.reported.map(({ event }) => event);
  }

  /** Lets time pass while the clock is read as often as a game reads it. */
  async passReading(ms: number, everyMs = 16): Promise<ClockReading[]> {
    const readings: ClockReading[] = [];
    for (let passed = 0; passed < ms; passed += everyMs) {
      await this.world.pass(everyMs);
      readings.push(this.clock.read());
    }
    return readings;
  }

  /** How far the clock is ahead of the server's time, in milliseconds. */
  get aheadMs(): number {
    return this.clock.now - this.world.server.now;
  }

  /** Whether the clock keeps its bound. */
  get isWithin(): boolean {
    // Doubles resolve times since 1970 to a quarter of a microsecond.
    return Math.abs(this.aheadMs) <= this.clock.errorMs + 0.001;
  }
}

/** Returns the largest number of requests within any minute. */
export function mostInAMinute(askedAt: readonly number[]): number {
  const within = (from: number): number => askedAt.filter((at) => at >= from && at < from + 60_000).length;
  return Math.max(0, ...askedAt.map(within));
}
