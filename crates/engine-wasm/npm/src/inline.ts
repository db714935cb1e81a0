/**
 * The same exports as `index.ts`, with the WebAssembly module embedded as text: there is no file to serve or fetch.
 *
 * @packageDocumentation
 */
import "./sources/embedded.js";

export * from "./exports/everything.js";
