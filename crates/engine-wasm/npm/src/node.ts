/** The entry for Node.js: the same as `index.ts`, but it reads the WebAssembly file from disk. */
import { loadEngine } from "./engine-node.js";
import { type Connect, connectWith } from "./session/connect.js";

export { Clock, type ClockEvents, type ClockParts, type ClockReading } from "./clock/clock.js";
export type { AskTime, Exchange, Random, Sign, Signs, Timers, TimeSource } from "./clock/ports.js";
export type { WatchWire } from "./clock/wire.js";
export {
  type BreakInterval,
  Draw,
  ENGINE_VERSION,
  EngineError,
  type EngineErrorCode,
  type EngineSource,
  type Instant,
  loadEngine,
  type Round,
  type Rules,
  type Session,
  type State,
  stateAt,
  Timeline,
} from "./engine-node.js";
export {
  createSession,
  getSession,
  type NewSession,
  type Problem,
  type RequestOptions,
  type SessionRecord,
  type Stop,
  stopSession,
} from "./http/api.js";
export { ServerError, SessionError, type SessionErrorCode } from "./http/error.js";
export type { EventStream, Platform } from "./platform.js";
export { type Connect, type ConnectOptions, openClock } from "./session/connect.js";
export {
  LiveSession,
  type SessionEvents,
  type SessionTimeline,
  type StateRange,
  type Stopped,
} from "./session/live.js";
export type { CatchUp } from "./session/ticker.js";

/** Connects to a session, as described in `index.ts`. */
export const connect: Connect = connectWith(loadEngine);
