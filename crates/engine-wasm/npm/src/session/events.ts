/** The events of a live session. */
import type { ClockReading } from "../clock/clock.js";
import type { EngineError } from "../engine/error.js";
import type { Round, ScheduleChange, SessionStatus, State } from "../engine/session.js";
import type { FailedAttempt } from "../http/retry.js";

/** A step that has begun. */
export interface Tick extends State {
  /** When the step began, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** How long ago that was by the session's clock when it was reported, in milliseconds: from 0. */
  readonly behindMs: number;
}

/** A break: the counter broke, and with it a round ended and the next one began. */
export interface Break extends Tick {
  /** The round that ended. */
  readonly ended: Round;
  /** Whether it is certain that the break never has to be taken back. */
  readonly isSettled: boolean;
  /** How many breaks before this one are not reported: those before the latest 1,000 of a sleep. Otherwise 0. */
  readonly skipped: number;
}

/** A stop of a session. A session that learns late of an earlier stop, or of a change before its stop, reports its stop again. */
export interface Stopped {
  /** The instant of the stop, in milliseconds since the Unix epoch. */
  readonly stoppedAt: number;
  /** The state from then on. */
  readonly state: State;
  /** Whether the session learned of the stop after it took effect. The state may then have run too far and is set back. */
  readonly isLate: boolean;
  /** How many steps the state was set back by; 0 unless the stop is late. */
  readonly stepsTakenBack: number;
  /**
   * The reported breaks that have not happened after all, in order. Empty unless the stop is late, and if a `changed` event of the
   * same moment has them: each is in one event only.
   */
  readonly breaksTakenBack: readonly Break[];
}

/** A change of a session's schedule: it pauses, resumes or gets ticks of another length, or such a change was withdrawn. */
export interface Changed {
  /** All changes of the session, as they are now. */
  readonly schedule: readonly ScheduleChange[];
  /** The first instant at which the new schedule differs from the former one, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** The state now, according to the new schedule. */
  readonly state: State;
  /** Whether the session learned of it after that instant. The state may then have been wrong, and is put right. */
  readonly isLate: boolean;
  /** How many steps the state was set back by; 0 unless the change is late. Ticks that were reported are not reported again. */
  readonly stepsTakenBack: number;
  /**
   * The reported breaks that have not happened after all, in order; empty unless the change is late. One that happens later is
   * reported again, with another `at`.
   */
  readonly breaksTakenBack: readonly Break[];
}

/** Whether the state can still change by something that the session has not heard of yet. */
export interface Settled {
  /** Whether the state is certain: no unknown change can have taken effect. */
  readonly isSettled: boolean;
  /** The instant before which that is so, in milliseconds since the Unix epoch; `undefined` without a promise of the server. */
  readonly settledUntil: number | undefined;
}

/** A failed attempt to reach the server. */
export interface SessionFailure extends FailedAttempt {
  /**
   * What was tried: to read the session, to ask for the time, to open the event stream, or to load a part of this package that is
   * loaded when it is first needed.
   */
  readonly what: "session" | "time" | "stream" | "code";
}

/** The events of a live session. */
export interface SessionEvents {
  /**
   * A step has begun. Steps come in order and never twice; `catchUp` decides about missed ones. Those that a late change has
   * taken back do not come again, so draw on `state`. When there was no listener, a new one gets the current step right away, even
   * if earlier listeners got it, and even after a stop, but not before the start.
   */
  tick: Tick;
  /**
   * The current state is that of another step: the next one, a later one if some were missed, or an earlier one if a late change
   * or stop has taken steps back. Comes after all other events of that moment.
   */
  state: State;
  /**
   * The counter has broken. Comes after the `tick` of that step if there is one. Breaks come in order, and none is missed: after a
   * sleep, all come that happened meanwhile, or the latest 1,000 with `skipped` in the first of them. A late change or stop may take
   * back breaks that have not happened after all: see `breaksTakenBack`. One that it only moves, and that has happened all the same,
   * stays reported.
   */
  break: Break;
  /**
   * A reported break is never taken back any more, because it lies before `session.settledUntil`, or because the session has
   * stopped for good. Comes once for each `break` in order, after it, with the `at` that is now known. With a notice and a
   * connection, it comes together with the `break`. Without a notice there is no promise, so it comes only when the stop is final:
   * a game that gives points for breaks should use a notice. It never comes for breaks with more than 1,000 unsettled ones after
   * them, which are no longer taken back either.
   */
  breakSettled: Break;
  /**
   * The session has stopped. Comes after its last `tick`, or at once for a late stop. Listeners that are added later get it too.
   * It comes again if the session learns late that it stopped earlier, or in another state.
   */
  stopped: Stopped;
  /** The session has heard of another schedule, which usually takes effect later: see `at`. */
  changed: Changed;
  /**
   * The session now runs, pauses or has stopped. Comes after the last `tick` before that, and before the first one after it.
   * Only changes are reported: read `session.status` for the status when you add a listener.
   */
  status: SessionStatus;
  /**
   * The state is certain from now on, or no longer. Comes only for sessions that have a notice, `notice_ms`. Only changes are
   * reported: read `session.isSettled` when you add a listener.
   */
  settled: Settled;
  /** The clock was compared with the server's time. */
  sync: ClockReading;
  /**
   * `session.clock.synced` has turned: `false` if no response came for 45 s, or if the machine's clocks were disrupted. Read
   * `session.clock.synced` when you add a listener.
   */
  synced: boolean;
  /** An attempt to reach the server has failed. The session keeps running and tries again by itself. */
  error: SessionFailure;
  /** The event stream has opened (`true`) or broken (`false`). Without a stream the session polls the server. */
  listening: boolean;
  /** The server no longer has the session. The state keeps running. */
  expired: undefined;
  /**
   * The session has turned into one that this version of the package cannot compute. It is closed, and using it throws this
   * error from now on.
   */
  unsupported: EngineError;
}

/** The names of all events. */
export const EVENTS: Readonly<Record<keyof SessionEvents, true>> = {
  tick: true,
  state: true,
  break: true,
  breakSettled: true,
  stopped: true,
  changed: true,
  status: true,
  settled: true,
  sync: true,
  synced: true,
  error: true,
  listening: true,
  expired: true,
  unsupported: true,
};
