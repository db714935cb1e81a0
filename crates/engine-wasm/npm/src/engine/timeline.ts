import { Draw } from "./draw.js";
import { dispose, Handle } from "./handle.js";
import { wellFormed, whole } from "./input.js";
import { milliseconds } from "./instant.js";
import { assertLoaded } from "./load.js";
import * as raw from "./raw.js";
import { accepted, refused } from "./refusal.js";
import { checkSession, type Instant, type Round, type Session, type State } from "./session.js";
import { checkVersion } from "./version.js";

/** What stands for a rule that takes its default. */
const LEFT_OUT = Number.NaN;

/** The parts of a round, as the engine counts them. */
const FIRST_STEP = 0;
const INTERVAL = 1;
const NEXT_BREAK = 2;

/**
 * A session made ready to be asked for any step, in any order. What it answers never depends on what it was asked
 * before; what lies near the last question is answered faster.
 *
 * Steps and rounds are whole numbers counted from 0. A step may be as large as 253 402 300 799 999, whatever the
 * schedule; only {@link Timeline.timeOf} ends earlier, with the year 9999.
 *
 * Its memory is given back when it is garbage-collected; `using` or {@link Timeline.free} do so at once.
 *
 * @example
 * ```ts
 * await loadEngine();
 * const timeline = new Timeline(session);
 * const { step, value, round, broken } = timeline.stateAt(clock.now());
 * ```
 */
export class Timeline {
  readonly #handle: Handle;
  /** The instant at which the session was stopped, or infinity. */
  #stoppedAt = Number.POSITIVE_INFINITY;

  /**
   * @param session What is needed of a session; one that the server answered can be passed as it is.
   * @throws {@link EngineError} `not_loaded` before {@link loadEngine} has finished; `not_a_session` if something else
   *   came, such as the error that a server answered; `engine_version` if the session was made for another version of
   *   the engine; otherwise for the first field that is wrong.
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
   * Has the session stop at another instant than it said, as news of it tell.
   *
   * @param stoppedAt From then on the state stays what it was at that instant. `null` if it is not stopped.
   * @throws {@link EngineError} for `stopped_at`, unless it lies in the years 1970 to 9999.
   */
  stopAt(stoppedAt: Instant | null): void {
    const timeline = this.#handle.number;
    const at = instantOfStop(stoppedAt);
    // An instant out of range would else be noticed only when asked, and under the name of `now`.
    if (at !== null && raw.stepAt(timeline, at) < 0) {
      throw refused("stopped_at");
    }
    this.#stoppedAt = at ?? Number.POSITIVE_INFINITY;
  }

  /**
   * The state at an instant of the server's time. Before the start it is step 0, value 0, round 0, not broken. Of a
   * stopped session it stays what it was when the session was stopped.
   *
   * @throws {@link EngineError} for `now`, unless it lies in the years 1970 to 9999.
   */
  stateAt(now: Instant): State {
    const step = this.stepAt(now);
    return step === null ? { step: 0, value: 0, round: 0, broken: false } : this.state(step);
  }

  /**
   * The state of a step.
   *
   * @throws {@link EngineError} for `step`, unless it is a step.
   */
  state(step: number): State {
    const value = this.value(step);
    return { step: whole("step", step), value, round: this.round(step), broken: value === 0 };
  }

  /**
   * The counter at a step: 1 to 1 000 000, or 0 on a break. Makes no object, for loops over many steps.
   *
   * @throws {@link EngineError} for `step`, unless it is a step.
   */
  value(step: number): number {
    return accepted(raw.value(this.#handle.number, whole("step", step)));
  }

  /**
   * The number of the round that a step belongs to. Makes no object, for loops over many steps.
   *
   * @throws {@link EngineError} for `step`, unless it is a step.
   */
  round(step: number): number {
    return accepted(raw.round(this.#handle.number, whole("step", step)));
  }

  /**
   * The next step after `step` at which the counter breaks. It can lie past the last step by one round.
   *
   * @throws {@link EngineError} for `step`, unless it is a step.
   */
  nextBreak(step: number): number {
    return accepted(raw.roundPart(this.#handle.number, this.round(step), NEXT_BREAK));
  }

  /**
   * The step that runs at an instant of the server's time; `null` before the start. Of a stopped session it stays the
   * step at which the session was stopped.
   *
   * @throws {@link EngineError} for `now`, unless it lies in the years 1970 to 9999.
   */
  stepAt(now: Instant): number | null {
    const timeline = this.#handle.number;
    const asked = milliseconds("now", now);
    const step = accepted(raw.stepAt(timeline, asked));
    // Asked first and answered then: an instant out of range is an error for a stopped session too.
    const found = asked > this.#stoppedAt ? raw.stepAt(timeline, this.#stoppedAt) : step;
    return Number.isNaN(found) ? null : found;
  }

  /**
   * The instant at which a step begins, in milliseconds since the Unix epoch, as if the session were never stopped.
   *
   * @throws {@link EngineError} for `step`, unless it is a step that begins before the end of the year 9999.
   */
  timeOf(step: number): number {
    return accepted(raw.timeOf(this.#handle.number, whole("step", step)));
  }

  /**
   * The round with a number.
   *
   * @throws {@link EngineError} for `round`, if it is negative or begins after the last step.
   */
  roundAt(round: number): Round {
    const timeline = this.#handle.number;
    const asked = whole("round", round);
    const part = (number: number) => accepted(raw.roundPart(timeline, asked, number));
    return {
      round: asked,
      first_step: part(FIRST_STEP),
      interval: part(INTERVAL),
      next_break: part(NEXT_BREAK),
    };
  }

  /**
   * The round that a step belongs to.
   *
   * @throws {@link EngineError} for `step`, unless it is a step.
   */
  roundOf(step: number): Round {
    return this.roundAt(this.round(step));
  }

  /**
   * The shared dice of a step and a channel, at their first word.
   *
   * @param channel Any name, 1 to 64 bytes of UTF-8. Draws of two channels are independent.
   * @throws {@link EngineError} for `step`, unless it is a step; for `channel`, if it is too long, empty or not
   *   well-formed.
   */
  draw(step: number, channel: string): Draw {
    const timeline = this.#handle.number;
    const asked = whole("step", step);
    raw.writeText(wellFormed("channel", channel));
    return Draw.of(new Handle("draw", accepted(raw.openDraw(timeline, asked)), raw.closeDraw));
  }

  /** Gives the memory back at once. The timeline cannot be used afterwards; freeing it again does nothing. */
  free(): void {
    this.#handle.free();
  }

  /** The same as {@link Timeline.free}; called at the end of the block by `using timeline = ...`. */
  [dispose](): void {
    this.free();
  }
}

/**
 * The state of a session at an instant of the server's time. For a single question; whoever asks again keeps a
 * {@link Timeline}, which answers many times faster.
 *
 * @throws {@link EngineError} as the constructor of {@link Timeline} and {@link Timeline.stateAt} do.
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
  const tickMs = whole("tick_ms", session.tick_ms);
  const min = interval ? whole("break_interval.min", interval.min) : LEFT_OUT;
  const max = interval ? whole("break_interval.max", interval.max) : LEFT_OUT;
  const rounds = rules?.rounds_per_epoch;
  const roundsPerEpoch = rounds === undefined ? LEFT_OUT : whole("rounds_per_epoch", rounds);
  raw.writeText(seed);
  const number = accepted(raw.openTimeline(startAt, tickMs, min, max, roundsPerEpoch));
  return new Handle("timeline", number, raw.closeTimeline);
}

function instantOfStop(stoppedAt: Instant | null | undefined): number | null {
  return stoppedAt == null ? null : milliseconds("stopped_at", stoppedAt);
}
