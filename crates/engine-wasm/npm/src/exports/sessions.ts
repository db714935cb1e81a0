/** The public names of sessions and clocks, listed once for every entry. */
export {
  Clock,
  type ClockEvents,
  type ClockParts,
  type ClockReading,
} from "../clock/clock.js";
export type {
  AskTime,
  Exchange,
  Random,
  Timers,
  TimeSource,
  WakeEvent,
  WakeEvents,
} from "../clock/inputs.js";
export type { WatchResourceTiming } from "../clock/resource-timing.js";
export type { ClockView } from "../clock/view.js";
export {
  type ControlOptions,
  type CreatedSession,
  type CreateOptions,
  createSession,
  getSession,
  type RequestOptions,
  readSession,
  type SessionReading,
  type StopOptions,
  stopSession,
} from "../http/api.js";
export { ServerError, SessionError, type SessionErrorCode } from "../http/error.js";
export type { NewChange, NewRules, NewSession } from "../http/new-session.js";
export type { FailedAttempt } from "../http/retry.js";
export {
  type ChangeOptions,
  pauseSession,
  type ResumeOptions,
  resumeSession,
  setRate,
  type WithdrawOptions,
  withdraw,
} from "../http/schedule.js";
export type { Problem, ScheduleChangeRecord, SessionRecord, Stop } from "../http/schemas.js";
export type { EventStream, Platform, RequestHeaders, StreamEvent } from "../platform.js";
export type { AheadCallback, AheadOptions, AudioClock, ComingStep } from "../session/ahead.js";
export { type Connect, type ConnectOptions, connect, openClock } from "../session/connect.js";
export type {
  Break,
  Changed,
  SessionEvents,
  SessionFailure,
  Settled,
  Stopped,
  Tick,
} from "../session/events.js";
export type { Frame } from "../session/frame.js";
export { LiveSession } from "../session/live.js";
export type { SessionTimeline, StateRange } from "../session/live-parts.js";
export type { CatchUp } from "../session/ticker.js";
export {
  type SessionStore,
  type SessionStoreOptions,
  type Snapshots,
  sessionStore,
} from "../store/session-store.js";
export type { Connection, SessionView } from "../store/session-view.js";
