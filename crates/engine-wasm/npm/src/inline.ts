/**
 * The same exports as `index.ts`, with the WebAssembly module embedded as text: there is no file to serve or fetch.
 *
 * @packageDocumentation
 */
import { moduleBytes } from "../generated/inline.js";
import { setSource } from "./engine/load.js";

export * from "./exports/engine.js";
export * from "./exports/sessions.js";

setSource(moduleBytes);
