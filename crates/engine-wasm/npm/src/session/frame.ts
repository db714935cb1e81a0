/** Everything that a page draws of a session, as of one moment. */
import type { ClockReading } from "../clock/clock.js";
import type { SessionStatus, State } from "../engine/session.js";
import { instant, type SessionTimeline } from "./live-parts.js";

/** A session at one moment, for a page that draws every frame. Created by `LiveSession.frame`. */
export interface Frame extends State {
  /**
   * Which part of the current tick has passed: from 0 up to but not including 1. Only the time counts during which the session
   * runs: while it is paused, and from its stop on, the fraction stays as it is. 0 before the start.
   */
  readonly fraction: number;
  /** Whether step 0 has begun. */
  readonly started: boolean;
  /** In how many milliseconds step 0 begins; 0 once it has begun, `undefined` if it never does because the session stops before. */
  readonly startsInMs: number | undefined;
  /** Whether the session is running, paused or stopped. Before the start it is running. */
  readonly status: SessionStatus;
  /**
   * In how many milliseconds the next step begins, known pauses included; `undefined` if it never does: after a stop, or while the
   * session is paused and nothing resumes it.
   */
  readonly nextTickInMs: number | undefined;
  /** In how many milliseconds the counter breaks, or `undefined` if it never does, as for `nextTickInMs`. */
  readonly nextBreakInMs: number | undefined;
  /** The maximum error of `now`, in milliseconds. */
  readonly errorMs: number;
  /** Whether the state is certain: no unknown change can have taken effect. Always `false` without a notice. */
  readonly isSettled: boolean;
  /** The server's time, in milliseconds since the Unix epoch, with a fraction. */
  readonly now: number;
}

/** A frame to be filled. */
type Draft = { -readonly [Field in keyof Frame]: Frame[Field] };

/** Fills a frame from one reading of the clock. Creates no objects. */
export function fillFrame(
  into: Frame,
  timeline: SessionTimeline,
  { now, errorMs }: ClockReading,
  settledUntil: number | undefined,
): Frame {
  const frame = into as Draft;
  const at = instant(now);
  const current = timeline.stepAt(at);
  const step = current ?? 0;
  const started = current !== null;
  frame.step = step;
  frame.value = started ? timeline.value(step) : 0;
  frame.round = timeline.round(step);
  frame.broken = started && frame.value === 0;
  frame.fraction = started ? timeline.fractionAt(step, now) : 0;
  frame.started = started;
  frame.startsInMs = started ? 0 : timeline.msUntil(0, now);
  frame.status = timeline.statusAt(at);
  frame.nextTickInMs = started ? timeline.msUntil(step + 1, now) : frame.startsInMs;
  frame.nextBreakInMs = timeline.msUntil(timeline.nextBreak(step), now);
  frame.errorMs = errorMs;
  frame.isSettled = settledUntil !== undefined && settledUntil - errorMs > now;
  frame.now = now;
  return frame;
}
