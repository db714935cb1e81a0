/**
 * tickseed: sessions whose state every client computes alike, from a seed and the time.
 *
 * @packageDocumentation
 */
import "./sources/file.js";

export * from "./exports/everything.js";
