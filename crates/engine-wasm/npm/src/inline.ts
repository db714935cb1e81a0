/**
 * The same as `index.ts` with the WebAssembly module inside, as text: there is no file to serve or to fetch, and the engine is
 * loaded as soon as this is imported.
 *
 * @packageDocumentation
 */
import { moduleBytes } from "../generated/inline.js";
import { type EngineSource, loadInline } from "./engine/load.js";
import { type Connect, connectWith } from "./session/connect.js";

export { Clock, type ClockReading } from "./clock/clock.js";
export type { Random, Sign, Signs, Timers, TimeSource } from "./clock/ports.js";
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
export { LiveSession, type SessionEvents, type StateRange, type Stopped } from "./session/live.js";
export type { CatchUp } from "./session/ticker.js";

loadInline(moduleBytes());

/** Does nothing: the engine is loaded already. Here so that a program can change the entry that it takes. */
export const loadEngine: (source?: EngineSource) => Promise<void> = () => Promise.resolve();

/** Connects to a session, as described in `index.ts`. */
export const connect: Connect = connectWith(loadEngine);
