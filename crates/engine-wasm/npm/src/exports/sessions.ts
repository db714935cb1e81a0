/** The public names of sessions and clocks, listed once for every entry. */
export { Clock, type ClockEvents, type ClockParts, type ClockReading } from "../clock/clock.js";
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
export { createSession, getSession, type RequestOptions, stopSession } from "../http/api.js";
export { ServerError, SessionError, type SessionErrorCode } from "../http/error.js";
export type { NewSession, Problem, SessionRecord, Stop } from "../http/schemas.js";
export type { EventStream, Platform } from "../platform.js";
export { type Connect, type ConnectOptions, connect, openClock } from "../session/connect.js";
export {
  LiveSession,
  type SessionEvents,
  type SessionTimeline,
  type StateRange,
  type Stopped,
} from "../session/live.js";
export type { CatchUp } from "../session/ticker.js";
