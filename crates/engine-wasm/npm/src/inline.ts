/**
 * The same as `index.ts` with the WebAssembly module inside, as text: there is no file to serve or to fetch.
 *
 * @packageDocumentation
 */
import { moduleBytes } from "../generated/inline.js";
import { type EngineSource, loadOnce } from "./engine/load.js";
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
  type Round,
  type Rules,
  type Session,
  type State,
  stateAt,
  Timeline,
} from "./engine.js";
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

/** Loads the engine, as described in `engine.ts`, from the text inside unless another source is named. */
export function loadEngine(source?: EngineSource): Promise<void> {
  return loadOnce(() => source ?? moduleBytes());
}

/** Connects to a session, as described in `index.ts`. */
export const connect: Connect = connectWith(loadEngine);
