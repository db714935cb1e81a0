/** A player's device: its two clocks, its timers, its sleep. Bent by the page. */
import type { Platform } from "tickseed";

import type { Bend } from "./messages.js";

type WakeEvent = Parameters<Parameters<Platform["wakeEvents"]>[0]>[0];

/** A device whose clocks can be wrong, and which can sleep. */
export class Device {
  #aheadMs = 0;
  #rate = 0;
  /** How much the clocks had gained when the rate last changed, and when that was. */
  #gainedMs = 0;
  #rateSinceMs = performance.now();
  /** How long the device has slept before. Its monotonic clock stands still meanwhile. */
  #sleptMs = 0;
  #fellAsleepMs: number | undefined;
  #waiting: (() => void)[] = [];
  readonly #wakeListeners = new Set<(event: WakeEvent) => void>();

  get isAsleep(): boolean {
    return this.#fellAsleepMs !== undefined;
  }

  /** Sets the device's clock, and how fast it gains. */
  bend({ aheadMs, driftPpm }: Pick<Bend, "aheadMs" | "driftPpm">): void {
    const realMs = performance.now();
    this.#gainedMs = this.#gainedBy(realMs);
    this.#rateSinceMs = realMs;
    this.#rate = driftPpm / 1_000_000;
    this.#aheadMs = aheadMs;
  }

  /** Returns what the monotonic clock says at a reading of the real one. */
  monotonicAt(realMs: number): number {
    return realMs - this.#sleptMs + this.#gainedBy(realMs);
  }

  readonly time: Platform["time"] = {
    monotonicMs: () => this.monotonicAt(performance.now()),
    wallMs: () => Math.floor(this.wallMs),
  };

  /** What the device's clock says, in milliseconds since the Unix epoch. */
  get wallMs(): number {
    return Date.now() + this.#aheadMs + this.#gainedBy(performance.now());
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
    this.#fellAsleepMs ??= performance.now();
  }

  wake(): void {
    if (this.#fellAsleepMs === undefined) {
      return;
    }
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

  #gainedBy(realMs: number): number {
    return this.#gainedMs + (realMs - this.#rateSinceMs) * this.#rate;
  }
}
