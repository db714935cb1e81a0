/** A ticker in a virtual world, and its reports. */
import type { SessionRecord } from "../../src/http/schemas.js";
import { type SessionStatus, Timeline } from "../../src/index.js";
import { Listeners } from "../../src/listeners.js";
import { Breaks } from "../../src/session/breaks.js";
import { type Break, EVENTS, type SessionEvents } from "../../src/session/events.js";
import { type CatchUp, Ticker } from "../../src/session/ticker.js";
import { scheduleChange } from "../world/http-server.js";
import { HttpWorld, RECORD } from "../world/http-world.js";

/** The options of a ticker. */
export interface Wish {
  readonly session?: Partial<SessionRecord>;
  readonly catchUp?: CatchUp;
}

/** A ticker and its world, at first without listeners. */
export class TickerHarness {
  readonly world = new HttpWorld();
  readonly timeline: Timeline;
  readonly #session: SessionRecord;
  readonly #listeners = new Listeners<SessionEvents>(EVENTS);
  readonly ticker: Ticker;
  /** All reports: the step, or the stop, each with the server's time. */
  readonly reported: { readonly what: number | "stopped"; readonly at: number }[] = [];
  /** All reports of a status, each with the server's time. */
  readonly statuses: { readonly status: SessionStatus; readonly at: number }[] = [];
  /** All reported breaks, and the order of steps and breaks. */
  readonly breaks: Break[] = [];
  readonly order: (number | string)[] = [];
  /** All reports of the current step, each with the server's time. */
  readonly shown: { readonly step: number; readonly at: number }[] = [];
  /** Called at each report of a step. */
  onReport: (step: number) => void = () => undefined;
  /** Called at each report of a break. */
  onBreak: () => void = () => undefined;
  /** Called at each report of a status. */
  onStatus: (status: SessionStatus) => void = () => undefined;
  /** How far the clock is ahead of true time, in milliseconds. */
  aheadMs = 0;
  #haltedAt: number | undefined;
  /** Removes the listener for steps. */
  ignore: () => void = () => undefined;

  constructor({ session = {}, catchUp = "all" }: Wish = {}) {
    this.#session = { ...RECORD, ...session };
    this.timeline = new Timeline(this.#session);
    const parts = {
      known: this,
      listeners: this.#listeners,
      now: () => this.now,
      settledUntil: () => Number.NEGATIVE_INFINITY,
    };
    this.ticker = new Ticker({
      ...parts,
      platform: this.world.platform,
      catchUp,
      breaks: new Breaks(parts),
      stopped: () => this.reported.push({ what: "stopped", at: this.now }),
    });
    this.#listeners.add("status", (status) => {
      this.statuses.push({ status, at: this.now });
      this.onStatus(status);
    });
  }

  get now(): number {
    return this.#haltedAt ?? Math.floor(this.world.now + this.aheadMs);
  }

  /** The reports without their times. */
  get steps(): (number | "stopped")[] {
    return this.reported.map(({ what }) => what);
  }

  /** Adds a listener. */
  listen(): this {
    this.ignore();
    this.ignore = this.#listeners.add("tick", ({ step }) => {
      this.reported.push({ what: step, at: this.now });
      this.order.push(step);
      this.onReport(step);
    });
    this.ticker.begin("tick");
    return this;
  }

  /** Adds a listener for breaks. */
  listenForBreaks(): this {
    this.#listeners.add("break", (happened) => {
      this.breaks.push(happened);
      this.order.push(`break ${happened.step}`);
      this.onBreak();
    });
    this.ticker.begin("break");
    return this;
  }

  /** Adds a listener for the current step. */
  show(): this {
    this.#listeners.add("state", ({ step }) => this.shown.push({ step, at: this.now }));
    this.ticker.begin("state");
    return this;
  }

  /** Stops the session, as the watcher would. */
  stopAt(instant: number): void {
    this.timeline.stopAt(instant);
    this.ticker.stopAt(instant);
  }

  /** Changes the schedule, as the watcher would. */
  schedule(...changes: readonly [at: number, tickMs: number][]): void {
    this.timeline.update({ ...this.#session, schedule: changes.map(scheduleChange) });
    this.ticker.check();
  }

  /** Halts the clock for some time. */
  async halt(ms: number): Promise<void> {
    this.#haltedAt = this.now;
    await this.world.pass(ms);
    this.#haltedAt = undefined;
    this.aheadMs -= ms;
  }
}

/** Returns the integers from one to another, inclusive. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
