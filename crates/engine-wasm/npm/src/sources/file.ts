/**
 * Loads the WebAssembly file of this package, for the entries that embed nothing. A module of its own, so that bundlers leave the
 * file out of the other entries. Nothing here runs before the engine is loaded.
 */
import { setFallbackSource } from "../engine/load.js";

/**
 * Returns the address of the file. Bundlers recognise this expression and copy the file. In a program without `import.meta`, such
 * as a CommonJS bundle, it throws.
 */
function moduleFile(): URL {
  return new URL("../../generated/tickseed_bg.wasm", import.meta.url);
}

/** Returns the copy of the file that is a chunk of its own, which a page loads only if a tool has moved this code but not the file. */
async function moduleCopy(): Promise<Uint8Array<ArrayBuffer>> {
  const { moduleBytes } = await import("../../generated/inline.js");
  return moduleBytes();
}

setFallbackSource(moduleFile, moduleCopy);
