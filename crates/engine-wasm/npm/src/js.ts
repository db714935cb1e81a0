/**
 * The same exports as `index.ts`, with the engine as JavaScript, for platforms without WebAssembly. It computes the same states, and
 * takes several times as long.
 *
 * @packageDocumentation
 */
import "./sources/javascript.js";

export * from "./exports/everything.js";
