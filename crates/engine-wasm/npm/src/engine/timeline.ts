import * as bindings from "./bindings.js";
import { Draw } from "./draw.js";
import { dispose, Handle } from "./handle.js";
import { integer, wellFormed } from "./input.js";
import { milliseconds } from "./instant.js";
import { checked, lastError } from "./last-error.js";
import { assertLoaded } from "./load.js";
import { checkSession, type Instant, type Round, type Session, type State } from "./session.js";
import { checkVersion } from "./version.js";

/** Stands for a rule that takes its default. */
const LEFT_OUT = Number.NaN;

/** The engine's numbers for the parts of a round. */
const FIRST_STEP = 0;
const INTERVAL = 1;
const NEXT_BREAK = 2;

/**
 * Computes the state of a session at any step, in any order. Results never depend on earlier calls, but steps near the last
 * one are faster.
 *
 * Steps and rounds are integers from 0. The last step is 253 402 300 799 999, whatever `start_at` and `tick_ms` are; only
 * {@link Timeline.timeOf} stops earlier, at the end of the year 9999.
 *
 * Garbage collection frees its memory. `using` or {@link Timeline.free} does so at once.
 *
 * @example
 * ```ts
 * await loadEngine();
 * const timeline = new Timeline(session);
 * const { step, value, round, broken } = timeline.stateAt(clock.now);
 * ```
 */
export class Timeline {
  readonly #handle: Handle;
  /** The instant at which the session stops, or infinity. */
  #stoppedAt = Number.POSITIVE_INFINITY;

  /**
   * @param session The session. You can pass the server's JSON as it is.
   * @throws {@link EngineError} `not_loaded` before {@link loadEngine} has finished; `not_a_session` for other values, such
   *   as the body of an error response; `engine_version` if the session needs another version of the engine; otherwise for
   *   the first invalid field.
   */
  constructor(session: Session) {
    assertLoaded();
    checkSession(session);
    checkVersion(session.engine_version);
    const stoppedAt = instantOfStop(session.stopped_at);
    this.#handle = open(session);
    try {
      this.stopAt(stoppedAt);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /**
   * Changes the instant at which the session stops, for example after the server has announced a stop.
   *
   * @param stoppedAt The state stays as it is at that instant. `null` if the session does not stop.
   * @throws {@link EngineError} for `stopped_at` outside the years 1970 to 9999.
   */
  stopAt(stoppedAt: Instant | null): void {
    const timeline = this.#handle.number;
    const at = instantOfStop(stoppedAt);
    // Otherwise `stepAt` would report an instant out of range later, under the name `now`.
    if (at !== null && bindings.stepAt(timeline, at) < 0) {
      throw lastError("stopped_at");
    }
    this.#stoppedAt = at ?? Number.POSITIVE_INFINITY;
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
    return checked(bindings.value(this.#handle.number, integer("step", step)));
  }

  /**
   * Returns the number of the round that a step belongs to. Allocates nothing, for loops over many steps.
   *
   * @throws {@link EngineError} for an invalid `step`.
   */
  round(step: number): number {
    return checked(bindings.round(this.#handle.number, integer("step", step)));
  }

  /**
   * Returns the next step after `step` on which the counter breaks. It can be up to one round past the last step.
   *
   * @throws {@link EngineError} for an invalid `step`.
   */
  nextBreak(step: number): number {
    return checked(bindings.roundPart(this.#handle.number, this.round(step), NEXT_BREAK));
  }

  /**
   * Returns the step at an instant of the server's time, or `null` before the start. After a stop it stays the step of the
   * stop.
   *
   * @throws {@link EngineError} for `now` outside the years 1970 to 9999.
   */
  stepAt(now: Instant): number | null {
    const timeline = this.#handle.number;
    const at = milliseconds("now", now);
    // Computed in any case: an instant out of range is an error for a stopped session too.
    const step = checked(bindings.stepAt(timeline, at));
    const found = at > this.#stoppedAt ? bindings.stepAt(timeline, this.#stoppedAt) : step;
    return Number.isNaN(found) ? null : found;
  }

  /**
   * Returns when a step begins, in milliseconds since the Unix epoch. Ignores a stop.
   *
   * @throws {@link EngineError} for an invalid `step`, or one that begins after the year 9999.
   */
  timeOf(step: number): number {
    return checked(bindings.timeOf(this.#handle.number, integer("step", step)));
  }

  /**
   * Returns the round with the given number.
   *
   * @throws {@link EngineError} for a `round` that is negative or begins after the last step.
   */
  roundAt(round: number): Round {
    const timeline = this.#handle.number;
    const number = integer("round", round);
    const part = (index: number) => checked(bindings.roundPart(timeline, number, index));
    return {
      round: number,
      first_step: part(FIRST_STEP),
      interval: part(INTERVAL),
      next_break: part(NEXT_BREAK),
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
    const timeline = this.#handle.number;
    const number = integer("step", step);
    bindings.writeText(wellFormed("channel", channel));
    return Draw.of(new Handle("draw", checked(bindings.openDraw(timeline, number)), bindings.closeDraw));
  }

  /** Frees the memory at once. The timeline cannot be used afterwards. Freeing it again has no effect. */
  free(): void {
    this.#handle.free();
  }

  /** Calls {@link Timeline.free} at the end of a block with `using timeline = ...`. */
  [dispose](): void {
    this.free();
  }
}

/**
 * Returns the state of a session at an instant of the server's time. To compute more than one state, create a
 * {@link Timeline}, which is many times faster.
 *
 * @throws {@link EngineError} like the constructor of {@link Timeline} and {@link Timeline.stateAt}.
 */
export function stateAt(session: Session, now: Instant): State {
  const timeline = new Timeline(session);
  try {
    return timeline.stateAt(now);
  } finally {
    timeline.free();
  }
}

function open(session: Session): Handle {
  const { rules } = session;
  const interval = rules?.break_interval;
  const seed = wellFormed("seed", session.seed);
  const startAt = milliseconds("start_at", session.start_at);
  const tickMs = integer("tick_ms", session.tick_ms);
  const min = interval ? integer("break_interval.min", interval.min) : LEFT_OUT;
  const max = interval ? integer("break_interval.max", interval.max) : LEFT_OUT;
  const rounds = rules?.rounds_per_epoch;
  const roundsPerEpoch = rounds === undefined ? LEFT_OUT : integer("rounds_per_epoch", rounds);
  bindings.writeText(seed);
  const number = checked(bindings.openTimeline(startAt, tickMs, min, max, roundsPerEpoch));
  return new Handle("timeline", number, bindings.closeTimeline);
}

function instantOfStop(stoppedAt: Instant | null | undefined): number | null {
  return stoppedAt == null ? null : milliseconds("stopped_at", stoppedAt);
}
