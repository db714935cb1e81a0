/**
 * Loads what the package otherwise loads when it is first needed. Loading takes real time, of which a virtual world knows nothing:
 * whatever waits for it would be late by all the events that happen meanwhile.
 */
import { loadFit } from "../clock/estimate.js";
import { loadEngine } from "../index.js";

/** Loads everything. Every file that the package imports with `import()` belongs here. */
export async function preload(): Promise<void> {
  await Promise.all([
    loadEngine(),
    loadFit(),
    import("../session/ahead.js"),
    import("../session/control.js"),
    import("../session/shared-stream.js"),
  ]);
}
