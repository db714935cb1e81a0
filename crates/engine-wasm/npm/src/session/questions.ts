import type { ClockView } from "../clock/view.js";
import type { Draw } from "../engine/draw.js";
import type { Instant, Round, State } from "../engine/session.js";
import { SessionControls } from "./controls.js";
import { type Frame, fillFrame } from "./frame.js";
import { instant, type SessionTimeline, type StateRange } from "./live-parts.js";
import { roundsBefore } from "./rounds.js";

/** What a live session answers about its states, from its timeline and one reading of its clock. */
export abstract class SessionQuestions extends SessionControls {
  abstract get clock(): ClockView;
  abstract get settledUntil(): number | undefined;
  abstract get timeline(): SessionTimeline;

  /**
   * Returns the current state. Before the start it is step 0, value 0, round 0, not broken.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`.
   */
  state(): State {
    return this.timeline.stateAt(instant(this.clock.read().now));
  }

  /**
   * Returns everything that a page draws, from one reading of the clock: the state, which part of the current tick has passed, and
   * how long it is until the next tick and the next break.
   *
   * @param into A frame to fill, so that drawing creates no frame objects. By default a new one.
   * @returns That frame.
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`.
   *
   * @example
   * ```ts
   * const frame = session.frame();
   * function draw() {
   *   session.frame(frame);
   *   show(frame.value + frame.fraction, frame.broken);
   *   requestAnimationFrame(draw);
   * }
   * ```
   */
  frame(into = {} as Frame): Frame {
    return fillFrame(into, this.timeline, this.clock.read(), this.settledUntil);
  }

  /**
   * Returns the state at another instant of the server's time, as far as the schedule is known.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`; {@link EngineError} for an
   *   `when` outside the years 1970 to 9999.
   */
  at(when: Instant): State {
    return this.timeline.stateAt(when);
  }

  /**
   * Returns the current round. Before the start it is round 0.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`.
   */
  round(): Round {
    return this.timeline.roundOf(this.state().step);
  }

  /**
   * Returns the last rounds that have ended, the latest last. There are fewer of them at the beginning.
   *
   * @param count How many: an integer from 0.
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`; {@link EngineError} for
   *   `count`.
   *
   * @example
   * ```ts
   * const intervals = session.rounds(10).map(({ interval }) => interval);
   * ```
   */
  rounds(count: number): Round[] {
    return roundsBefore(this.timeline, this.state().round, count);
  }

  /**
   * Returns the states at the earliest and the latest possible server time, given `clock.errorMs`. They are nearly always the
   * same, unless ticks are short or the clock is not synced.
   *
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`.
   */
  stateRange(): StateRange {
    const timeline = this.timeline;
    const { now, errorMs } = this.clock.read();
    return {
      earliest: timeline.stateAt(instant(now - errorMs)),
      latest: timeline.stateAt(instant(now + errorMs)),
    };
  }

  /**
   * Returns the shared dice of a step at the first word. They are the same for every client.
   *
   * @param step The step, for example that of a `tick` or of {@link LiveSession.state}.
   * @param channel Any name of 1 to 64 bytes of UTF-8. Draws of different channels are independent.
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`; {@link EngineError} for
   *   `step` or `channel`.
   */
  draw(step: number, channel: string): Draw {
    return this.timeline.draw(step, channel);
  }
}
