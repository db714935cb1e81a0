/** The engine alone, for Node.js: the same as `engine.ts`, but it reads the WebAssembly file from disk. */
import { readFile } from "node:fs/promises";

import { type EngineSource, loadOnce } from "./engine/load.js";

export { Draw } from "./engine/draw.js";
export { EngineError, type EngineErrorCode } from "./engine/error.js";
export type { EngineSource } from "./engine/load.js";
export type { BreakInterval, Instant, Round, Rules, Session, State } from "./engine/session.js";
export { stateAt, Timeline } from "./engine/timeline.js";
export { ENGINE_VERSION } from "./engine/version.js";

const WASM_FILE = new URL("../generated/tickseed_bg.wasm", import.meta.url);

/** Loads the engine, as described in `engine.ts`. URLs of files may be given too. */
export function loadEngine(source: EngineSource = WASM_FILE): Promise<void> {
  return loadOnce(async () => opened(await source));
}

/** Files are read here, since `fetch` of Node.js refuses them; anything else is left to the glue. */
async function opened(source: Awaited<EngineSource>): Promise<Awaited<EngineSource>> {
  const isFile = source instanceof URL && source.protocol === "file:";
  return isFile ? new Uint8Array(await readFile(source)) : source;
}
