/** A clock in a virtual world, and what it asks and tells. */
import { askOver } from "../../src/clock/ask.js";
import { Clock, type ClockParts, type ClockReading } from "../../src/clock/clock.js";
import { ADDRESS, type Flaws, HttpWorld } from "../world/http-world.js";

/** A clock and its world. */
export class Asking {
  readonly world: HttpWorld;
  readonly clock: Clock;
  /** What it told, in order, and when. */
  readonly told: { readonly event: "sync" | "silence"; readonly atMs: number; readonly what: unknown }[] = [];

  constructor(traits: Flaws = {}, changes: Partial<ClockParts> = {}) {
    this.world = new HttpWorld(traits);
    const { platform, agenda } = this.world;
    this.clock = new Clock({ ...platform, ask: askOver(platform, `${ADDRESS}/v1/time`), ...changes });
    for (const event of ["sync", "silence"] as const) {
      this.clock.on(event, (what: unknown) => this.told.push({ event, atMs: agenda.now, what }));
    }
  }

  /** When it asked, in milliseconds since the world began. */
  get askedAt(): number[] {
    return this.world.server.asked("/v1/time").map(({ atMs }) => atMs);
  }

  /** How many questions each burst had, as far as pauses of less than a tenth of a second tell. */
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

  /** The events that it told, without what they carry. */
  get events(): string[] {
    return this.told.map(({ event }) => event);
  }

  /** Lets time pass, in which the clock is read as often as a game does. */
  async passReading(ms: number, everyMs = 16): Promise<ClockReading[]> {
    const readings: ClockReading[] = [];
    for (let passed = 0; passed < ms; passed += everyMs) {
      await this.world.pass(everyMs);
      readings.push(this.clock.read());
    }
    return readings;
  }

  /** How far it is ahead of the server's time, in milliseconds. */
  get aheadMs(): number {
    return this.clock.now - this.world.server.now;
  }

  /** Whether it keeps its bound. */
  get isWithin(): boolean {
    // Times since 1970 are multiples of a quarter of a microsecond.
    return Math.abs(this.aheadMs) <= this.clock.errorMs + 0.001;
  }
}

/** The most questions that lie within any minute. */
export function mostInAMinute(askedAt: readonly number[]): number {
  const within = (from: number): number => askedAt.filter((at) => at >= from && at < from + 60_000).length;
  return Math.max(0, ...askedAt.map(within));
}
