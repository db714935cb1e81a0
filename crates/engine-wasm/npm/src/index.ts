/**
 * tickseed: sessions whose state everybody computes alike, from a seed and the time. This entry is for browsers and bundlers;
 * Node.js takes its own, which differs only in how it finds the WebAssembly file.
 *
 * @packageDocumentation
 */
import { loadEngine } from "./engine.js";
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

/**
 * Connects to a session: reads it from the server, loads the engine, sets the clock, and listens for news.
 *
 * @param address Where the session is: `https://ticks.example/v1/sessions/sess_...`, or relative to the page.
 * @throws {@link ServerError} if the server refuses, `session_not_found` for instance; {@link SessionError} if no answer comes;
 *   {@link EngineError} if the engine does not load or the session is not for its version; the signal's reason once it is
 *   aborted.
 *
 * @example
 * ```ts
 * const session = await connect("https://ticks.example/v1/sessions/sess_...");
 * session.on("tick", ({ value, broken }) => draw(value, broken));
 * ```
 */
export const connect: Connect = connectWith(loadEngine);
