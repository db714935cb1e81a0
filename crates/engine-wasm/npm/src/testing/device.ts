/** A device in a virtual world: a machine with one page, and its network. */
import { type ConnectOptions, connect, type LiveSession, loadEngine, type Platform } from "../index.js";
import type { VirtualNetwork } from "./server/virtual-network.js";
import type { Agenda } from "./virtual/agenda.js";
import { type MachineTraits, PERFECT_MACHINE } from "./virtual/machine.js";
import { PROMPT_PAGE } from "./virtual/page.js";
import { World } from "./virtual/world.js";

/** What is wrong with the clocks of a machine. */
export interface Flaws {
  /** How fast its clocks gain on true time, in millionths. Default: 0. */
  readonly ppm?: number | undefined;
  /** The resolution of its monotonic clock, in milliseconds. Default: 0, which is exact. */
  readonly resolutionMs?: number | undefined;
  /** How far its wall clock is ahead, in milliseconds. Default: 0. */
  readonly wallAheadMs?: number | undefined;
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

/** The parts of a device. */
export interface DeviceParts<Network extends VirtualNetwork> {
  readonly agenda: Agenda;
  readonly network: Network;
  /** True time at the beginning of the world, since the Unix epoch. */
  readonly epochMs: number;
  readonly flaws: Flaws;
  /** Decides everything random. */
  readonly seed: string;
}

/** What of a page is still alive. */
export type Leftovers = Readonly<Record<"timers" | "requests" | "streams" | "wakeEvents", number>>;

/** A device. */
export class Device<Network extends VirtualNetwork = VirtualNetwork> extends World {
  readonly #network: Network;

  constructor({ agenda, network, epochMs, flaws, seed }: DeviceParts<Network>) {
    super({ agenda, epochMs, machine: flawed(flaws), page: PROMPT_PAGE, seed });
    this.#network = network;
    network.deliver = (run) => this.machine.whenAwake(run);
  }

  /** The platform of the page. */
  get platform(): Platform {
    const network = this.#network;
    return {
      time: this.machine,
      timers: { set: (run, delayMs) => this.setTimer(run, delayMs) },
      // The middle: no pause is shorter or longer than planned.
      random: () => 0.5,
      wakeEvents: this.wakeEvents.subscribe,
      fetch: network.fetch,
      EventSource: network.EventSource,
      watchResourceTiming: undefined,
    };
  }

  /** Sets a timer of the page. */
  protected setTimer(run: () => void, delayMs: number): () => void {
    return this.page.set(run, delayMs);
  }

  /** Connects to a session while time passes. */
  async connect(address: string | URL, options: ConnectOptions = {}): Promise<LiveSession> {
    await loadEngine(options.engine);
    return this.agenda.until(connect(address, { platform: this.platform, ...options }));
  }

  /** Counts everything that is still alive. */
  get leftovers(): Leftovers {
    const { page, wakeEvents } = this;
    return {
      timers: page.pending,
      requests: this.#network.unanswered,
      streams: this.#network.streams.size,
      wakeEvents: wakeEvents.count,
    };
  }
}
