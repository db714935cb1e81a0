import { Draw } from "./draw.js";
import { asking, EngineError } from "./error.js";
import { dispose, freed } from "./handle.js";
import { wellFormed, whole } from "./input.js";
import { milliseconds } from "./instant.js";
import { assertLoaded } from "./load.js";
import { RawTimeline } from "./raw.js";
import { checkSession, type Instant, type Round, type Session, type State } from "./session.js";
import { checkVersion } from "./version.js";

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
  #raw: RawTimeline | undefined;
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
    this.#raw = open(session);
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
    const raw = this.#live();
    const at = instantOfStop(stoppedAt);
    if (at !== null) {
      checkStop(raw, at);
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
    return accepted(this.#live().value(whole("step", step)), step);
  }

  /**
   * The number of the round that a step belongs to. Makes no object, for loops over many steps.
   *
   * @throws {@link EngineError} for `step`, unless it is a step.
   */
  round(step: number): number {
    return accepted(this.#live().round(whole("step", step)), step);
  }

  /**
   * The next step after `step` at which the counter breaks. It can lie past the last step by one round.
   *
   * @throws {@link EngineError} for `step`, unless it is a step.
   */
  nextBreak(step: number): number {
    return accepted(this.#live().nextBreak(whole("step", step)), step);
  }

  /**
   * The step that runs at an instant of the server's time; `null` before the start. Of a stopped session it stays the
   * step at which the session was stopped.
   *
   * @throws {@link EngineError} for `now`, unless it lies in the years 1970 to 9999.
   */
  stepAt(now: Instant): number | null {
    const raw = this.#live();
    const asked = milliseconds("now", now);
    const step = asking(() => raw.stepAt(asked));
    // Asked first and answered then: an instant out of range is an error for a stopped session too.
    return (asked > this.#stoppedAt ? raw.stepAt(this.#stoppedAt) : step) ?? null;
  }

  /**
   * The instant at which a step begins, in milliseconds since the Unix epoch, as if the session were never stopped.
   *
   * @throws {@link EngineError} for `step`, unless it is a step that begins before the end of the year 9999.
   */
  timeOf(step: number): number {
    const raw = this.#live();
    const asked = whole("step", step);
    return asking(() => raw.timeOf(asked));
  }

  /**
   * The round with a number.
   *
   * @throws {@link EngineError} for `round`, if it is negative or begins after the last step.
   */
  roundAt(round: number): Round {
    const raw = this.#live();
    const asked = whole("round", round);
    return asking(() => ({
      round: asked,
      first_step: raw.firstStepOf(asked),
      interval: raw.intervalOf(asked),
      next_break: raw.breakAfter(asked),
    }));
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
    const raw = this.#live();
    const asked = whole("step", step);
    const name = wellFormed("channel", channel);
    return Draw.of(asking(() => raw.draw(asked, name)));
  }

  /** Gives the memory back at once. The timeline cannot be used afterwards; freeing it again does nothing. */
  free(): void {
    this.#raw?.free();
    this.#raw = undefined;
  }

  /** The same as {@link Timeline.free}; called at the end of the block by `using timeline = ...`. */
  [dispose](): void {
    this.free();
  }

  #live(): RawTimeline {
    if (this.#raw === undefined) {
      throw freed("timeline");
    }
    return this.#raw;
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

function open(session: Session): RawTimeline {
  const { rules } = session;
  const interval = rules?.break_interval;
  const seed = wellFormed("seed", session.seed);
  const startAt = milliseconds("start_at", session.start_at);
  const tickMs = whole("tick_ms", session.tick_ms);
  const min = interval && whole("break_interval.min", interval.min);
  const max = interval && whole("break_interval.max", interval.max);
  const rounds = rules?.rounds_per_epoch;
  const roundsPerEpoch = rounds === undefined ? undefined : whole("rounds_per_epoch", rounds);
  return asking(() => new RawTimeline(seed, startAt, tickMs, min, max, roundsPerEpoch));
}

function instantOfStop(stoppedAt: Instant | null | undefined): number | null {
  return stoppedAt == null ? null : milliseconds("stopped_at", stoppedAt);
}

/** An instant out of range would else be noticed only when asked, and under the name of `now`. */
function checkStop(raw: RawTimeline, stoppedAt: number): void {
  try {
    asking(() => raw.stepAt(stoppedAt));
  } catch (error) {
    if (!(error instanceof EngineError)) {
      throw error;
    }
    throw new EngineError(error.code, "stopped_at", error.message.replace(error.field, "stopped_at"));
  }
}

/** What the engine answered about a step, unless it is negative: then the engine refused the step. */
function accepted(answer: number, step: number): number {
  if (answer < 0) {
    asking(() => RawTimeline.checkStep(step));
  }
  return answer;
}
