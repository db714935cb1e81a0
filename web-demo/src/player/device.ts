/** A player's device: its two clocks, its timers, its sleep. Bent by the page. */
import type { Platform } from "tickseed";

import type { Bend } from "./messages.js";

type WakeEvent = Parameters<Parameters<Platform["wakeEvents"]>[0]>[0];

/** A stretch of real time in which the device's clocks have one rate. Its monotonic clock stands still while the rate is -1. */
interface Stretch {
  readonly sinceMs: number;
  /** How much the monotonic clock had gained by then, and how much it gains in a millisecond. */
  readonly gainedMs: number;
  readonly rate: number;
}

/** How many stretches are remembered: a request takes no longer than a few of them. */
const STRETCHES = 50;
/** The rate of a clock that stands still. */
const STILL = -1;

/** A device whose clocks can be wrong, and which can sleep. */
export class Device {
  #aheadMs = 0;
  #driftRate = 0;
  #stretches: Stretch[] = [{ sinceMs: performance.now(), gainedMs: 0, rate: 0 }];
  /** How long the device has slept before. Its wall clock goes on meanwhile. */
  #sleptMs = 0;
  #fellAsleepMs: number | undefined;
  #waiting: (() => void)[] = [];
  readonly #wakeListeners = new Set<(event: WakeEvent) => void>();

  get isAsleep(): boolean {
    return this.#fellAsleepMs !== undefined;
  }

  /** Sets the device's clock, and how fast it gains. Nobody does that while it sleeps. */
  bend({ aheadMs, driftPpm }: Pick<Bend, "aheadMs" | "driftPpm">): void {
    this.#aheadMs = aheadMs;
    this.#driftRate = driftPpm / 1_000_000;
    this.#begin(this.#driftRate);
  }

  /** Returns the reading of the monotonic clock for a reading of the real one, which may lie in the past. */
  monotonicAt(realMs: number): number {
    return realMs + this.#gainedAt(realMs);
  }

  readonly time: Platform["time"] = {
    monotonicMs: () => this.monotonicAt(performance.now()),
    wallMs: () => Math.floor(this.wallMs),
  };

  /** The reading of the device's clock, in milliseconds since the Unix epoch. */
  get wallMs(): number {
    return Date.now() + this.#aheadMs + this.#gainedAt(performance.now()) + this.#sleptMs;
  }

  readonly timers: Platform["timers"] = {
    set: (run, delayMs) => {
      let isCancelled = false;
      const timer = setTimeout(() => {
        this.whenAwake(() => {
          if (!isCancelled) {
            run();
          }
        });
      }, delayMs);
      return () => {
        isCancelled = true;
        clearTimeout(timer);
      };
    },
  };

  readonly wakeEvents: Platform["wakeEvents"] = (listener) => {
    this.#wakeListeners.add(listener);
    return () => this.#wakeListeners.delete(listener);
  };

  /** Runs something now, or once the device is awake. */
  whenAwake(run: () => void): void {
    if (this.isAsleep) {
      this.#waiting.push(run);
    } else {
      run();
    }
  }

  /** Falls asleep: from now on nothing runs, and the monotonic clock stands still. */
  sleep(): void {
    this.#fellAsleepMs = performance.now();
    this.#begin(STILL);
  }

  wake(): void {
    if (this.#fellAsleepMs === undefined) {
      return;
    }
    this.#begin(this.#driftRate);
    this.#sleptMs += performance.now() - this.#fellAsleepMs;
    this.#fellAsleepMs = undefined;
    this.tell("woken");
    for (const run of this.#waiting.splice(0)) {
      run();
    }
  }

  /** Tells the page on the device that it has been woken, or that the network is back. */
  tell(event: WakeEvent): void {
    for (const listener of [...this.#wakeListeners]) {
      listener(event);
    }
  }

  #begin(rate: number): void {
    const sinceMs = performance.now();
    const stretch = { sinceMs, gainedMs: this.#gainedAt(sinceMs), rate };
    this.#stretches = [...this.#stretches.slice(1 - STRETCHES), stretch];
  }

  #gainedAt(realMs: number): number {
    const found = this.#stretches.findLast(({ sinceMs }) => sinceMs <= realMs) ?? this.#stretches[0];
    return found === undefined ? 0 : found.gainedMs + (realMs - found.sinceMs) * found.rate;
  }
}
