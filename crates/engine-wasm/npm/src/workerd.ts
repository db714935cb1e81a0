/**
 * The same exports as `index.ts`, for Cloudflare Workers: the tools that build them resolve `tickseed` to this entry.
 *
 * @packageDocumentation
 */
import "./sources/compiled.js";

export * from "./exports/everything.js";
