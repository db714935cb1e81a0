import { EngineError } from "./error.js";
import { shown } from "./input.js";

/**
 * An instant: whole milliseconds since the Unix epoch, a `Date`, or RFC 3339 text such as
 * `"2026-11-23T12:00:03.000Z"`. Years 1970 to 9999.
 */
export type Instant = number | Date | string;

/** How many ticks a round counts before it breaks: every number from `min` to `max` is equally likely. */
export interface BreakInterval {
  /** The shortest interval, in ticks: 1 to 1 000 000. */
  readonly min: number;
  /** The longest interval, in ticks: `min` to 1 000 000. */
  readonly max: number;
}

/** The rules of a session. What is left out takes its default. */
export interface Rules {
  /** How many ticks a round counts before it breaks. Default: 100 to 300. */
  readonly break_interval?: BreakInterval | undefined;
  /** How many rounds make an epoch: an even number from 2 to 256. Default: 64. */
  readonly rounds_per_epoch?: number | undefined;
}

/**
 * What the engine needs to know of a session. The names are those of the server's JSON, so a session can be passed as
 * it came; what else it carries is not looked at.
 */
export interface Session {
  /** The text that decides every break and every draw: 1 to 128 bytes of UTF-8, taken as they are. */
  readonly seed: string;
  /** When step 0 begins. */
  readonly start_at: Instant;
  /** The length of a tick in milliseconds: 1 to 86 400 000. */
  readonly tick_ms: number;
  /** How long rounds last. */
  readonly rules?: Rules | undefined;
  /** The engine's version that the session was made for. Another one than `ENGINE_VERSION` is refused. */
  readonly engine_version?: number | undefined;
  /** When the session was stopped, if it was. From then on the state stays what it was at that instant. */
  readonly stopped_at?: Instant | null | undefined;
}

/** What everybody sees during one step. */
export interface State {
  /** The number of the tick, counted from 0. */
  readonly step: number;
  /** The counter: 1 on the first tick, one more with every tick, 0 on a break. */
  readonly value: number;
  /** The number of the round, counted from 0. A break belongs to the round that it begins. */
  readonly round: number;
  /** Whether the counter breaks on this tick. */
  readonly broken: boolean;
}

/** One round: the steps between two breaks. */
export interface Round {
  /** The number of the round, counted from 0. */
  readonly round: number;
  /** Its first step: the break that begins it, or step 0 for round 0, whose break lies before the start. */
  readonly first_step: number;
  /** How many ticks it counts before it breaks. */
  readonly interval: number;
  /** The step at which the counter breaks and the next round begins. */
  readonly next_break: number;
}

/** Refuses what is no session at all. It is mostly an answer whose status nobody looked at. */
export function checkSession(session: unknown): void {
  const needed = "session must be an object with seed, start_at and tick_ms";
  if (typeof session !== "object" || session === null) {
    throw new EngineError("not_a_session", "session", `${needed}, got ${shown(session)}`);
  }
  if (!("seed" in session) && "detail" in session) {
    throw new EngineError("not_a_session", "session", `${needed}, got an error: ${String(session.detail)}`);
  }
}
