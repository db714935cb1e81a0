import { EngineError } from "./error.js";
import { printable } from "./input.js";

/**
 * An instant: milliseconds since the Unix epoch, a `Date`, or an RFC 3339 string such as `"2026-11-23T12:00:03.000Z"`. The year
 * must be 1970 to 9999. Fractions of a millisecond, as a clock reads them, are cut off, in strings too. Strings are read as the
 * server reads them: there are no leap seconds.
 */
export type Instant = number | Date | string;

/** The number of ticks that a round counts before it breaks. Every integer from `min` to `max` is equally likely. */
export interface BreakInterval {
  /** The shortest interval, in ticks: 1 to 1 000 000. */
  readonly min: number;
  /** The longest interval, in ticks: `min` to 1 000 000. */
  readonly max: number;
}

/** The rules of a session. Missing rules take their defaults. */
export interface Rules {
  /** The number of ticks that a round counts before it breaks. Default: 100 to 300. */
  readonly break_interval?: BreakInterval | undefined;
  /** The number of rounds in an epoch: an even number from 2 to 256. Default: 64. */
  readonly rounds_per_epoch?: number | undefined;
}

/** A change of a session's schedule: from an instant on the session is paused, or it runs with ticks of another length. */
export type ScheduleChange =
  | {
      /** When the session pauses. A tick that has begun goes on when the session is resumed. */
      readonly at: Instant;
      readonly paused: true;
    }
  | {
      /** When the session resumes, or its ticks get another length. A new length begins where a tick begins. */
      readonly at: Instant;
      /** The length of a tick from then on, in milliseconds: 1 to 86 400 000. */
      readonly tick_ms: number;
    };

/** Whether the steps of a session follow each other at an instant. Before the start a session is running. */
export type SessionStatus = "running" | "paused" | "stopped";

/**
 * The part of a session's record that the engine needs. The names are those of the server's JSON, so you can pass a
 * `SessionRecord` as the server returns it. Other fields are ignored. The fields of a session that does not exist yet are a
 * `NewSession`, and a session that runs is a `LiveSession`.
 */
export interface SessionDefinition {
  /** The string that determines every break and every draw: 1 to 128 bytes of UTF-8, used verbatim. */
  readonly seed: string;
  /** When step 0 begins. */
  readonly start_at: Instant;
  /** The length of a tick at the start, in milliseconds: 1 to 86 400 000. */
  readonly tick_ms: number;
  /** The changes of its schedule, in the order of their instants: at most 256. */
  readonly schedule?: readonly ScheduleChange[] | undefined;
  /** The rules of its rounds. */
  readonly rules?: Rules | undefined;
  /** The engine version that the session needs. Any other than `ENGINE_VERSION` is an error. */
  readonly engine_version?: number | undefined;
  /** What a program must understand to compute the session's state. A name that this package does not know is an error. */
  readonly requires?: readonly string[] | undefined;
  /** When the session stops or has stopped. From then on the state stays as it was at that instant. */
  readonly stopped_at?: Instant | null | undefined;
}

/** The state of a session during one step, the same for every client. */
export interface State {
  /** The number of the tick, from 0. */
  readonly step: number;
  /** The counter: 1 on the first tick, one more on each tick, 0 on a break. */
  readonly value: number;
  /** The number of the round, from 0. A break belongs to the round that it begins. */
  readonly round: number;
  /** Whether the counter breaks on this tick. */
  readonly broken: boolean;
}

/** One round: the steps between two breaks. */
export interface Round {
  /** The number of the round, from 0. */
  readonly round: number;
  /** Its first step: the break that begins it, or step 0 for round 0, which begins without one. */
  readonly firstStep: number;
  /** The number of ticks that it counts before it breaks. */
  readonly interval: number;
  /** The step on which the counter breaks and the next round begins. */
  readonly nextBreak: number;
}

/** Throws for a value that is not a session at all: usually the body of a response whose status was not checked. */
export function checkSession(session: unknown): void {
  const expected = "session must be an object with seed, start_at and tick_ms";
  if (typeof session !== "object" || session === null) {
    throw new EngineError("not_a_session", "session", `${expected}, got ${printable(session)}`);
  }
  if (!("seed" in session) && "detail" in session) {
    throw new EngineError(
      "not_a_session",
      "session",
      `${expected}, got an error response: ${String(session.detail)}`,
    );
  }
}
