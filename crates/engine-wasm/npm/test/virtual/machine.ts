/** A machine: two clocks, timers, and a lid that can be closed. */
import type { Timers, TimeSource } from "../../src/clock/ports.js";
import { type Agenda, consequences } from "./agenda.js";

/** How long the page has been open when the world begins, in milliseconds. A multiple of no clock's grain. */
const PAGE_AGE_MS = 4_321.098_7;
/** Sums of fractions are not exact. */
const ROUNDING_MS = 0.001;

/** What a machine is like. */
export interface MachineTraits {
  /** By how much its clocks gain on true time. */
  readonly ppm?: number;
  /** How coarse its monotonic clock is, in milliseconds; exact if left out. */
  readonly grainMs?: number;
  /** How far its wall clock is ahead, in milliseconds. */
  readonly wallAheadMs?: number;
}

/** A machine in the world of an agenda. */
export class Machine implements TimeSource {
  /** The delays that timers were set with, in order. */
  readonly delays: number[] = [];
  readonly #agenda: Agenda;
  readonly #rate: number;
  readonly #grainMs: number;
  readonly #timers = new Set<object>();
  #whenAwake: (() => void)[] = [];
  #wallAheadMs: number;
  #sleptMs = 0;
  #fellAsleepAt: number | undefined;

  constructor(agenda: Agenda, { ppm = 0, grainMs = 0, wallAheadMs = 0 }: MachineTraits = {}) {
    this.#agenda = agenda;
    this.#rate = 1 + ppm / 1e6;
    this.#grainMs = grainMs;
    this.#wallAheadMs = wallAheadMs;
  }

  monotonicMs(): number {
    const exact = PAGE_AGE_MS + this.#awakeMs() * this.#rate;
    return this.#grainMs === 0 ? exact : Math.floor(exact / this.#grainMs + 1e-9) * this.#grainMs;
  }

  wallMs(): number {
    return Math.floor(this.#agenda.now + this.#wallAheadMs + this.#awakeMs() * (this.#rate - 1));
  }

  /** How many timers are set. */
  get timersSet(): number {
    return this.#timers.size;
  }

  /** Its timers. They run while it is awake. */
  readonly timers: Timers = {
    set: (run, delayMs) => {
      const timer = { dueMs: this.#awakeMs() + delayMs, run, cancel: (): void => undefined };
      this.delays.push(delayMs);
      this.#timers.add(timer);
      this.#arm(timer);
      return () => {
        this.#timers.delete(timer);
        timer.cancel();
      };
    },
  };

  /** Somebody sets the wall clock. */
  setWall(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  /** Closes the lid for some time. The monotonic clock stands still meanwhile, no timer runs, and no answer is taken in. */
  async sleep(ms: number): Promise<void> {
    this.#fellAsleepAt = this.#agenda.elapsedMs;
    await this.#agenda.pass(ms);
    this.#fellAsleepAt = undefined;
    this.#sleptMs += ms;
    const waiting = this.#whenAwake;
    this.#whenAwake = [];
    for (const run of waiting) {
      run();
      await consequences();
    }
  }

  /** Does something at once, or as soon as it is awake. */
  readonly whenAwake = (run: () => void): void => {
    if (this.#fellAsleepAt === undefined) {
      run();
    } else {
      this.#whenAwake.push(run);
    }
  };

  /** Has a timer run once it is due. A machine that has slept meanwhile waits for the rest. */
  #arm(timer: { readonly dueMs: number; readonly run: () => void; cancel: () => void }): void {
    timer.cancel = this.#agenda.after(timer.dueMs - this.#awakeMs(), () => {
      if (this.#awakeMs() < timer.dueMs - ROUNDING_MS) {
        this.#arm(timer);
      } else if (this.#timers.delete(timer)) {
        timer.run();
      }
    });
  }

  #awakeMs(): number {
    return (this.#fellAsleepAt ?? this.#agenda.elapsedMs) - this.#sleptMs;
  }
}
