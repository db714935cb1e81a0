/**
 * The tickseed engine alone, without network or clock.
 *
 * @packageDocumentation
 */
import "./sources/file.js";

export * from "./exports/engine.js";
