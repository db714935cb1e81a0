/** What is tried out: a clock, or something that claims to be one. */
import { Clock } from "../src/clock/clock.js";
import type { AskTime, Random, Signs, Timers, TimeSource } from "../src/clock/ports.js";

/** What a clock says. */
export interface Reading {
  readonly now: number;
  readonly errorMs: number;
  readonly synced: boolean;
}

/** What a clock is made of. */
export interface SubjectParts {
  readonly time: TimeSource;
  readonly timers: Timers;
  readonly random: Random;
  readonly ask: AskTime;
  readonly signs?: Signs;
}

/** A clock, as far as the simulation uses it. */
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
