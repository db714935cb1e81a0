/**
 * The tickseed engine alone, without network or clock.
 *
 * @packageDocumentation
 */
import { setFallbackSource } from "./engine/load.js";
import { moduleFile } from "./engine/module-file.js";

export * from "./exports/engine.js";

setFallbackSource(moduleFile);
