/**
 * The engine of tickseed alone: no network, no clock. This entry is for browsers and bundlers; Node.js takes its own,
 * which differs only in how it finds the WebAssembly file.
 *
 * @packageDocumentation
 */
import { type EngineSource, loadOnce } from "./engine/load.js";

export { Draw } from "./engine/draw.js";
export { EngineError, type EngineErrorCode } from "./engine/error.js";
export type { EngineSource } from "./engine/load.js";
export type { BreakInterval, Instant, Round, Rules, Session, State } from "./engine/session.js";
export { stateAt, Timeline } from "./engine/timeline.js";
export { ENGINE_VERSION } from "./engine/version.js";

/**
 * Loads the engine. Has to finish once, anywhere in the program, before the engine is used; later calls, and calls
 * meanwhile, share the first, whatever source they name. After a failure it can be called again. `connect` calls it.
 *
 * @param source Where the WebAssembly module comes from. By default it is the package's own file: beside the code in
 *   browsers (bundlers copy it), read from disk in Node.js.
 * @throws {@link EngineError} `load_failed`, whose `cause` is the error that the platform gave.
 *
 * @example
 * ```ts
 * await loadEngine();
 * await loadEngine("https://cdn.example/tickseed_bg.wasm"); // or from somewhere else
 * ```
 */
export function loadEngine(source?: EngineSource): Promise<void> {
  return loadOnce(() => source ?? new URL("../generated/tickseed_bg.wasm", import.meta.url));
}
