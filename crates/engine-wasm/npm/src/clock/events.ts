/** The inputs and the events of a clock. */
import type { FailedAttempt } from "../http/retry.js";
import type { ClockReading } from "./estimate.js";
import type { AskTime, Random, Timers, TimeSource, WakeEvents } from "./inputs.js";

/** The inputs of a clock. */
export interface ClockParts {
  readonly time: TimeSource;
  readonly timers: Timers;
  readonly random: Random;
  readonly ask: AskTime;
  readonly wakeEvents?: WakeEvents | undefined;
  /** Closes the clock when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** The address it asks, if it asks over HTTP. */
  readonly address?: string | undefined;
}

/** The events of a clock. */
export interface ClockEvents {
  /** The clock was compared with the server's time, in a burst of requests. */
  sync: ClockReading;
  /** `synced` has changed: to `true` after a response, to `false` without one for 45 s or after a disruption. */
  synced: boolean;
  /** A request failed. The clock keeps running and asks again. */
  error: FailedAttempt;
  /** The clock was closed, and reports nothing more. */
  closed: undefined;
}

/** The names of all events. */
export const EVENTS: Readonly<Record<keyof ClockEvents, true>> = {
  sync: true,
  synced: true,
  error: true,
  closed: true,
};
