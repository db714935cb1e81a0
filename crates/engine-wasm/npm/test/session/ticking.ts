/** A ticker in a virtual world, and what it tells. */
import type { SessionRecord } from "../../src/http/schemas.js";
import { Timeline } from "../../src/index.js";
import { type CatchUp, Ticker } from "../../src/session/ticker.js";
import { HttpWorld, RECORD } from "../world/http-world.js";

/** What a ticker is to tell of, and how. */
export interface Wish {
  readonly session?: Partial<SessionRecord>;
  readonly catchUp?: CatchUp;
}

/** A ticker and its world. Nobody listens at first. */
export class Ticking {
  readonly world = new HttpWorld();
  readonly timeline: Timeline;
  readonly ticker: Ticker;
  /** All that was told: the step that began, or the stop, each with when that was by the server's time. */
  readonly told: { readonly what: number | "stopped"; readonly at: number }[] = [];
  hasListeners = false;
  /** What is done whenever a step is told. */
  whenTold: (step: number) => void = () => undefined;
  /** How far the clock is ahead of true time, in milliseconds. */
  aheadMs = 0;
  #haltedAt: number | undefined;

  constructor({ session = {}, catchUp = "all" }: Wish = {}) {
    const { machine, platform } = this.world;
    this.timeline = new Timeline({ ...RECORD, ...session });
    this.ticker = new Ticker({
      timeline: this.timeline,
      timers: platform.timers,
      catchUp,
      now: () => this.now,
      monotonicMs: () => machine.monotonicMs(),
      hasListeners: () => this.hasListeners,
      tick: (step) => {
        this.told.push({ what: step, at: this.now });
        this.whenTold(step);
      },
      stopped: () => this.told.push({ what: "stopped", at: this.now }),
    });
  }

  get now(): number {
    return this.#haltedAt ?? Math.floor(this.world.now + this.aheadMs);
  }

  /** What was told, without when. */
  get steps(): (number | "stopped")[] {
    return this.told.map(({ what }) => what);
  }

  /** Has somebody listen from now on. */
  listen(): this {
    this.hasListeners = true;
    this.ticker.begin();
    return this;
  }

  /** Has the session stop, as news of it do. */
  stopAt(instant: number): void {
    this.timeline.stopAt(instant);
    this.ticker.stopAt(instant);
  }

  /** The clock stands still for some time, and goes on from there. */
  async halt(ms: number): Promise<void> {
    this.#haltedAt = this.now;
    await this.world.pass(ms);
    this.#haltedAt = undefined;
    this.aheadMs -= ms;
  }
}

/** The numbers from one to another, both of them. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
