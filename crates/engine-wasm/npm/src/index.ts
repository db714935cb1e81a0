/**
 * tickseed: sessions whose state every client computes alike, from a seed and the time.
 *
 * @packageDocumentation
 */
import { setFallbackSource } from "./engine/load.js";
import { moduleFile } from "./engine/module-file.js";

export * from "./exports/engine.js";
export * from "./exports/sessions.js";

setFallbackSource(moduleFile);
