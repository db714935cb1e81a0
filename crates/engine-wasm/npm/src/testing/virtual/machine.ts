/** A machine: a monotonic clock, a wall clock, and a lid that can be closed. */
import type { TimeSource } from "../../clock/inputs.js";
import type { Agenda } from "./agenda.js";
import { type DriftTraits, Oscillator } from "./oscillator.js";
import type { Rng } from "./random.js";
import { type Rounding, rounded } from "./rounding.js";

/** What distinguishes one machine from another. */
export interface MachineTraits {
  readonly drift: DriftTraits;
  readonly rounding: Rounding;
  /** Whether the monotonic clock stands still while the machine sleeps. */
  readonly stopsInSleep: boolean;
  /** Whether NTP steers only the wall clock, as on Windows and macOS, or both clocks, as on Linux. */
  readonly wallIsSteered: boolean;
  /** How far the wall clock is ahead at the beginning, in milliseconds. */
  readonly wallErrorMs: number;
  /** The drift of the clock that runs while the machine sleeps. */
  readonly sleepPpm: number;
  /** Whether that clock counts only whole seconds, so that the wall clock is off by up to one after a sleep. */
  readonly sleepsInSeconds: boolean;
  /** How long the page has been open when the world begins, in milliseconds. Random if left out. */
  readonly pageAgeMs?: number;
}

/** A machine that keeps perfect time, except that its monotonic clock stops in sleep. */
export const PERFECT_MACHINE: MachineTraits = {
  drift: { ppm: 0, wanderPpm: 0, changesEveryMs: 0 },
  rounding: { resolutionMs: 0, fuzzed: false },
  stopsInSleep: true,
  wallIsSteered: false,
  wallErrorMs: 0,
  sleepPpm: 0,
  sleepsInSeconds: false,
};

/** `Date.now()` returns whole milliseconds everywhere. */
const WALL_RESOLUTION_MS = 1;
/** How long a page has been open when the world begins. */
const PAGE_AGE_MS = [30, 60_000] as const;

/** The two clocks of a machine as a page sees them, and its sleep. */
export class Machine implements TimeSource {
  readonly #agenda: Agenda;
  readonly #traits: MachineTraits;
  readonly #oscillator: Oscillator;
  readonly #secret: number;
  /** The difference between the wall clock and its counter. */
  #wallOffset: number;
  #wakesAt = 0;

  /** @param epochMs True time at the beginning of the world, since the Unix epoch. */
  constructor(agenda: Agenda, traits: MachineTraits, epochMs: number, rng: Rng) {
    this.#agenda = agenda;
    this.#traits = traits;
    this.#secret = rng.word();
    const age = traits.pageAgeMs ?? rng.between(...PAGE_AGE_MS);
    this.#oscillator = new Oscillator(traits.drift, age, rng);
    this.#wallOffset = epochMs + traits.wallErrorMs - (traits.wallIsSteered ? 0 : age);
  }

  get traits(): MachineTraits {
    return this.#traits;
  }

  monotonicMs(): number {
    return rounded(this.exactMs, this.#traits.rounding, this.#secret);
  }

  wallMs(): number {
    const resolutionMs = Math.max(WALL_RESOLUTION_MS, this.#traits.rounding.resolutionMs);
    return Math.floor((this.#wallOffset + this.#wallCount) / resolutionMs) * resolutionMs;
  }

  /** The monotonic clock before rounding. */
  get exactMs(): number {
    return this.#oscillator.readAt(this.#agenda.now);
  }

  /** The number of true milliseconds that currently pass while the monotonic clock counts one. */
  get truePerMs(): number {
    return 1 + this.#oscillator.ppm / 1e6;
  }

  get isAsleep(): boolean {
    return this.#agenda.now < this.#wakesAt;
  }

  /** Runs something now, or as soon as the machine is awake. */
  whenAwake(run: () => void): void {
    if (this.isAsleep) {
      this.#agenda.at(this.#wakesAt, () => this.whenAwake(run));
    } else {
      run();
    }
  }

  /** Sleeps. Afterward the wall clock takes the length of the sleep from the clock that kept running. */
  sleep(lengthMs: number): void {
    const { now } = this.#agenda;
    const { stopsInSleep, wallIsSteered, sleepPpm, sleepsInSeconds } = this.#traits;
    this.#wakesAt = now + lengthMs;
    const started = this.#wallOffset + this.#wallCount;
    const exact = lengthMs * (1 + sleepPpm / 1e6);
    const believed = sleepsInSeconds ? wholeSeconds(started, exact) : exact;
    if (stopsInSleep) {
      this.#oscillator.stop(now, this.#wakesAt);
      this.#wallOffset += wallIsSteered ? believed - lengthMs : believed;
    } else if (wallIsSteered || sleepsInSeconds) {
      this.#wallOffset += believed - lengthMs;
    }
  }

  /** Sets the wall clock forward, or back for a negative number. */
  setWall(byMs: number): void {
    this.#wallOffset += byMs;
  }

  get #wallCount(): number {
    return this.#traits.wallIsSteered ? this.#agenda.now : this.exactMs;
  }
}

/** Returns the length of a sleep as measured by a clock that shows only seconds. */
function wholeSeconds(startedMs: number, lengthMs: number): number {
  return Math.floor((startedMs + lengthMs) / 1_000) * 1_000 - Math.floor(startedMs / 1_000) * 1_000;
}
