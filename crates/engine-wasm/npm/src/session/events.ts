/** The events of a live session. */
import type { ClockReading } from "../clock/clock.js";
import type { EngineError } from "../engine/error.js";
import type { ScheduleChange, SessionStatus, State } from "../engine/session.js";

/** A stop of a session. */
export interface Stopped {
  /** The instant of the stop, in milliseconds since the Unix epoch. */
  readonly stoppedAt: number;
  /** The state from then on. */
  readonly state: State;
  /** Whether the session learned of the stop after it took effect. The state may then have run too far and is set back. */
  readonly isLate: boolean;
  /** How many steps the state was set back by; 0 unless the stop is late. */
  readonly stepsTakenBack: number;
}

/** A change of a session's schedule: it pauses, resumes or gets ticks of another length, or such a change was withdrawn. */
export interface Changed {
  /** All changes of the session, as they are now. */
  readonly schedule: readonly ScheduleChange[];
  /** The first instant at which the new schedule differs from the former one, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Whether the session learned of it after that instant. The state may then have been wrong, and is put right. */
  readonly isLate: boolean;
  /** How many steps the state was set back by; 0 unless the change is late. Ticks that were reported are not reported again. */
  readonly stepsTakenBack: number;
}

/** Whether the state can still change by something that the session has not heard of yet. */
export interface Settled {
  /** Whether the state is certain: nothing that is not known yet takes effect by now. */
  readonly isSettled: boolean;
  /** The instant before which that is so, in milliseconds since the Unix epoch; `undefined` without a promise of the server. */
  readonly settledUntil: number | undefined;
}

/** The events of a live session. */
export interface SessionEvents {
  /** A step has begun. Steps come in order and never twice; `catchUp` decides about missed ones. */
  tick: State;
  /** The counter has broken. Comes after the `tick` of that step, with the same state. */
  break: State;
  /** The session has stopped. Comes after its last `tick`, or at once for a late stop. */
  stopped: Stopped;
  /** The session has heard of another schedule, which usually takes effect later: see `at`. */
  changed: Changed;
  /** The session now runs, pauses or has stopped. Comes after the last `tick` before that. */
  status: SessionStatus;
  /** The state is certain from now on, or no longer. Comes only for sessions that have a notice, `notice_ms`. */
  settled: Settled;
  /** The clock was compared with the server's time. */
  sync: ClockReading;
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
