/** The public names of the engine, listed once for every entry. */
export { Draw } from "../engine/draw.js";
export { EngineError, type EngineErrorCode } from "../engine/error.js";
export { type EngineSource, loadEngine } from "../engine/load.js";
export type {
  BreakInterval,
  Instant,
  Round,
  Rules,
  ScheduleChange,
  SessionDefinition,
  SessionStatus,
  State,
} from "../engine/session.js";
export { stateAt, Timeline } from "../engine/timeline.js";
export { ENGINE_VERSION } from "../engine/version.js";
