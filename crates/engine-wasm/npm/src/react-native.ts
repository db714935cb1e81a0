/**
 * The same exports as `react.ts`, for React Native: its tools resolve `tickseed/react` to this entry.
 *
 * @packageDocumentation
 */
import "./sources/javascript.js";

export * from "./exports/react.js";
