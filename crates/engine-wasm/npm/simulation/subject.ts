/** The subject of a test: a clock, or something that claims to be one. */
import { Clock } from "../src/clock/clock.js";
import { loadFit } from "../src/clock/estimate.js";
import type { AskTime, Random, Timers, TimeSource, WakeEvents } from "../src/clock/inputs.js";

// Loading takes real time, of which simulated worlds know nothing.
await loadFit();

/** A reading of a clock. */
export interface Reading {
  readonly now: number;
  readonly errorMs: number;
  readonly synced: boolean;
}

/** The inputs of a clock. */
export interface SubjectParts {
  readonly time: TimeSource;
  readonly timers: Timers;
  readonly random: Random;
  readonly ask: AskTime;
  readonly wakeEvents?: WakeEvents;
}

/** The part of a clock that the simulation uses. */
export interface Subject {
  /** Whether it has been set for the first time. */
  readonly isReady: boolean;
  read(): Reading;
  onSync(listener: (reading: Reading) => void): void;
  close(): void;
}

/** Starts a clock. */
export type MakeSubject = (parts: SubjectParts) => Subject;

/** The clock of the package. */
export const ourClock: MakeSubject = (parts) => {
  const clock = new Clock(parts);
  return {
    get isReady() {
      return clock.isReady;
    },
    read: () => clock.read(),
    onSync: (listener) => {
      clock.on("sync", listener);
    },
    close: () => clock.close(),
  };
};
