import * as bindings from "./bindings.js";
import { Draw } from "./draw.js";
import { dispose, Handle } from "./handle.js";
import { integer, wellFormed } from "./input.js";
import { milliseconds } from "./instant.js";
import { checked } from "./last-error.js";
import { assertLoaded } from "./load.js";
import { instantOfStop, type OpenSession, openSession, type Segment } from "./open.js";
import type { Instant, Round, SessionDefinition, SessionStatus, State } from "./session.js";

/** The engine's numbers for the parts of a round. */
const FIRST_STEP = 0;
const INTERVAL = 1;
const NEXT_BREAK = 2;

/**
 * Computes the state of a session at any step, in any order. Results never depend on earlier calls, but steps near the last
 * one are faster.
 *
 * Steps and rounds are integers from 0. The last step is 253 402 300 799 999, whatever the session's schedule is; only
 * {@link Timeline.timeOf} stops earlier: at the end of the year 9999, or where the session is paused for good.
 *
 * Garbage collection frees its memory. `using` or {@link Timeline.free} does so at once.
 *
 * @example
 * ```ts
 * await loadEngine();
 * const timeline = new Timeline(record);
 * const { step, value, round, broken } = timeline.stateAt(clock.now);
 * ```
 */
export class Timeline {
  #session: OpenSession;

  /**
   * @param session The session. You can pass the server's JSON as it is.
   * @throws {@link EngineError} `not_loaded` before {@link loadEngine} has finished; `not_a_session` for other values, such
   *   as the body of an error response; `engine_version` if the session needs another version of the engine;
   *   `unknown_requirement` if it requires something that this version of the package does not understand; otherwise for the
   *   first invalid field, `invalid_change` for a change that cannot follow the one before.
   */
  constructor(session: SessionDefinition) {
    assertLoaded();
    this.#session = openSession(session);
  }

  /**
   * Replaces the session, for example after the server has announced a change of its schedule.
   *
   * @throws {@link EngineError} as the constructor does. The timeline then stays as it is.
   */
  update(session: SessionDefinition): void {
    const { handle } = this.#session;
    // Throws once the timeline is freed.
    void handle.number;
    this.#session = openSession(session);
    handle.free();
  }

  /**
   * Changes the instant at which the session stops, for example after the server has announced a stop.
   *
   * @param stoppedAt The state stays as it is at that instant. `null` if the session does not stop.
   * @throws {@link EngineError} for `stopped_at` outside the years 1970 to 9999.
   */
  stopAt(stoppedAt: Instant | null): void {
    const { handle } = this.#session;
    // Throws once the timeline is freed.
    void handle.number;
    this.#session = { ...this.#session, stoppedAt: instantOfStop(handle, stoppedAt) };
  }

  /**
   * Returns the state at an instant of the server's time. Before the start it is step 0, value 0, round 0, not broken. After
   * a stop it stays as it was at the stop.
   *
   * @throws {@link EngineError} for `now` outside the years 1970 to 9999.
   */
  stateAt(now: Instant): State {
    const step = this.stepAt(now);
    return step === null ? { step: 0, value: 0, round: 0, broken: false } : this.state(step);
  }

  /**
   * Returns the state of a step.
   *
   * @throws {@link EngineError} for an invalid `step`.
   */
  state(step: number): State {
    const value = this.value(step);
    return { step: integer("step", step), value, round: this.round(step), broken: value === 0 };
  }

  /**
   * Returns the counter at a step: 1 to 1 000 000, or 0 on a break. Allocates nothing, for loops over many steps.
   *
   * @throws {@link EngineError} for an invalid `step`.
   */
  value(step: number): number {
    return checked(bindings.value(this.#number, integer("step", step)));
  }

  /**
   * Returns the number of the round that a step belongs to. Allocates nothing, for loops over many steps.
   *
   * @throws {@link EngineError} for an invalid `step`.
   */
  round(step: number): number {
    return checked(bindings.round(this.#number, integer("step", step)));
  }

  /**
   * Returns the next step after `step` on which the counter breaks. It can be up to one round past the last step.
   *
   * @throws {@link EngineError} for an invalid `step`.
   */
  nextBreak(step: number): number {
    return checked(bindings.roundPart(this.#number, this.round(step), NEXT_BREAK));
  }

  /**
   * Returns the step at an instant of the server's time, or `null` before the start. After a stop it stays the step of the
   * stop.
   *
   * @throws {@link EngineError} for `now` outside the years 1970 to 9999.
   */
  stepAt(now: Instant): number | null {
    const timeline = this.#number;
    const at = milliseconds("now", now);
    // Computed in any case: an instant out of range is an error for a stopped session too.
    const step = checked(bindings.stepAt(timeline, at));
    const { stoppedAt } = this.#session;
    const found = at > stoppedAt ? bindings.stepAt(timeline, stoppedAt) : step;
    return Number.isNaN(found) ? null : found;
  }

  /**
   * Returns whether the session is running, paused or stopped at an instant of the server's time. Before the start it is
   * running.
   *
   * @throws {@link EngineError} for `now` outside the years 1970 to 9999.
   */
  statusAt(now: Instant): SessionStatus {
    const at = milliseconds("now", now);
    const isPaused = checked(bindings.isPaused(this.#number, at)) > 0;
    if (at >= this.#session.stoppedAt) {
      return "stopped";
    }
    return isPaused ? "paused" : "running";
  }

  /**
   * Returns when a step begins, in milliseconds since the Unix epoch. Ignores a stop.
   *
   * @throws {@link EngineError} `step_not_scheduled` for a step that never begins, because the session is paused for good
   *   before; `out_of_range` for a `step` that is invalid or begins after the year 9999.
   */
  timeOf(step: number): number {
    return checked(bindings.timeOf(this.#number, integer("step", step)));
  }

  /**
   * Returns when a step begins, or infinity if it never does. Ignores a stop.
   *
   * @internal
   */
  whenBegins(step: number): number {
    const at = bindings.timeOf(this.#number, step);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  }

  /**
   * Returns when the first change after an instant takes effect, or infinity. Ignores a stop.
   *
   * @internal
   */
  nextChange(now: number): number {
    const next = this.#session.segments.find(({ at }, index) => index > 0 && at > now);
    return next?.at ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Returns when a step begins, or infinity if it never does: because the session stops or is paused for good before.
   *
   * @internal
   */
  whenComes(step: number): number {
    const at = this.whenBegins(step);
    return at <= this.#session.stoppedAt ? at : Number.POSITIVE_INFINITY;
  }

  /**
   * Returns in how many milliseconds a step begins, or `undefined` if it never does.
   *
   * @internal
   */
  msUntil(step: number, now: number): number | undefined {
    const at = this.whenComes(step);
    return at < Number.POSITIVE_INFINITY ? at - now : undefined;
  }

  /**
   * Returns which part of a step's running time has passed at an instant of that step: from 0 up to but not including 1. The time
   * of a pause does not count.
   *
   * @param now With its fraction of a millisecond: all differences below are exact.
   * @internal
   */
  fractionAt(step: number, now: number): number {
    const { segments, stoppedAt } = this.#session;
    const begin = this.timeOf(step);
    let until = Math.min(now, stoppedAt);
    let ran = 0;
    let length = 1;
    // Backwards, because the step is usually in the last segment that has begun.
    for (let index = segments.length - 1; until > begin; index -= 1) {
      const { at, tickMs } = segments[index] as Segment;
      if (at < until) {
        if (tickMs > 0) {
          ran += until - Math.max(at, begin);
          // A step has only one length: another one begins where a tick begins.
          length = tickMs;
        }
        until = at;
      }
    }
    return ran / length;
  }

  /**
   * Returns the round with the given number.
   *
   * @throws {@link EngineError} for a `round` that is negative or begins after the last step.
   */
  roundAt(round: number): Round {
    const timeline = this.#number;
    const number = integer("round", round);
    const part = (index: number) => checked(bindings.roundPart(timeline, number, index));
    return {
      round: number,
      firstStep: part(FIRST_STEP),
      interval: part(INTERVAL),
      nextBreak: part(NEXT_BREAK),
    };
  }

  /**
   * Returns the round that a step belongs to.
   *
   * @throws {@link EngineError} for an invalid `step`.
   */
  roundOf(step: number): Round {
    return this.roundAt(this.round(step));
  }

  /**
   * Returns the shared dice of a step and a channel, at the first word.
   *
   * @param channel Any name of 1 to 64 bytes of UTF-8. Draws of different channels are independent.
   * @throws {@link EngineError} for an invalid `step`, or a `channel` that is empty, too long or not well-formed.
   */
  draw(step: number, channel: string): Draw {
    const timeline = this.#number;
    const number = integer("step", step);
    bindings.writeText(wellFormed("channel", channel));
    return Draw.of(new Handle("draw", checked(bindings.openDraw(timeline, number)), bindings.closeDraw));
  }

  /** Frees the memory at once. The timeline cannot be used afterwards. Freeing it again has no effect. */
  free(): void {
    this.#session.handle.free();
  }

  /** Calls {@link Timeline.free} at the end of a block with `using timeline = ...`. */
  [dispose](): void {
    this.free();
  }

  /** Its number in the engine. Throws once it is freed. */
  get #number(): number {
    return this.#session.handle.number;
  }
}

/**
 * Returns the state of a session at an instant of the server's time. To compute more than one state, create a
 * {@link Timeline}, which is many times faster.
 *
 * @throws {@link EngineError} like the constructor of {@link Timeline} and {@link Timeline.stateAt}.
 */
export function stateAt(session: SessionDefinition, now: Instant): State {
  const timeline = new Timeline(session);
  try {
    return timeline.stateAt(now);
  } finally {
    timeline.free();
  }
}
