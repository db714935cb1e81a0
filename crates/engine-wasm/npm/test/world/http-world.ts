/** A virtual world with one server, in which tests let time pass. */
import { loadFit } from "../../src/clock/estimate.js";
import type { WakeEvent } from "../../src/clock/inputs.js";
import {
  type ConnectOptions,
  connect,
  type LiveSession,
  loadEngine,
  type Platform,
} from "../../src/index.js";
import { type MachineTraits, PERFECT_MACHINE } from "../../virtual/machine.js";
import { PROMPT_PAGE } from "../../virtual/page.js";
import { World } from "../../virtual/world.js";
import { NOON, VirtualServer } from "./http-server.js";

export { ADDRESS, errorResponse, json, NOON, RECORD, scheduleChange } from "./http-server.js";

// Loading takes real time, of which a virtual world knows nothing.
await loadFit();

/** What tests vary of a machine. */
export interface Flaws {
  /** How fast its clocks gain on true time. */
  readonly ppm?: number;
  /** The resolution of its monotonic clock, in milliseconds; exact if left out. */
  readonly resolutionMs?: number;
  /** How far its wall clock is ahead, in milliseconds. */
  readonly wallAheadMs?: number;
}

/** A multiple of no clock resolution, and a binary fraction, so that sums with it are exact. */
const PAGE_AGE_MS = 4_321.093_75;

/** The traits of a machine that has only these flaws. */
export function flawed({ ppm = 0, resolutionMs = 0, wallAheadMs = 0 }: Flaws): MachineTraits {
  return {
    ...PERFECT_MACHINE,
    // The oscillator counts how much true time passes while the machine counts one millisecond.
    drift: { ...PERFECT_MACHINE.drift, ppm: -ppm },
    rounding: { resolutionMs, fuzzed: false },
    wallErrorMs: wallAheadMs,
    pageAgeMs: PAGE_AGE_MS,
  };
}

/** A world with one server. */
export class HttpWorld extends World {
  readonly server = new VirtualServer(this.agenda);
  /** The delays of all timers that were set, in order. */
  readonly delays: number[] = [];

  constructor(flaws: Flaws = {}) {
    super({ epochMs: NOON, machine: flawed(flaws), page: PROMPT_PAGE, seed: "test" });
    this.server.deliver = (run) => this.machine.whenAwake(run);
  }

  /** True time, in milliseconds since the Unix epoch. */
  get now(): number {
    return NOON + this.agenda.now;
  }

  /** The platform of a page in this world. */
  get platform(): Platform {
    return {
      time: this.machine,
      timers: {
        set: (run, delayMs) => {
          this.delays.push(delayMs);
          return this.page.set(run, delayMs);
        },
      },
      // The middle: no pause is shorter or longer than planned.
      random: () => 0.5,
      wakeEvents: this.wakeEvents.subscribe,
      fetch: this.server.fetch,
      EventSource: this.server.EventSource,
      watchResourceTiming: undefined,
    };
  }

  /** Connects while time passes. The clock's first burst of requests may go on. */
  async connect(address = this.server.store(), options: ConnectOptions = {}): Promise<LiveSession> {
    await loadEngine();
    return this.agenda.until(connect(address, { platform: this.platform, ...options }));
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.agenda.pass(ms);
  }

  /** Lets time pass until an instant. */
  passUntil(instant: number): Promise<void> {
    return this.agenda.pass(instant - this.now);
  }

  /** Closes the lid for some time. Meanwhile no timer runs and nothing arrives. */
  sleep(ms: number): Promise<void> {
    this.machine.sleep(ms);
    return this.agenda.pass(ms);
  }

  /** Tells the page of a wake event. */
  wake(event: WakeEvent): void {
    this.wakeEvents.emit(event);
  }

  /** Counts everything that is still alive. */
  get leftovers(): Record<"timers" | "requests" | "streams" | "wakeEvents", number> {
    const { page, server, wakeEvents } = this;
    return {
      timers: page.pending,
      requests: server.unanswered,
      streams: server.streams.size,
      wakeEvents: wakeEvents.count,
    };
  }
}

/** The leftovers if nothing is alive. */
export const NOTHING_LEFT = { timers: 0, requests: 0, streams: 0, wakeEvents: 0 };
