import { EngineError } from "./error.js";
import { shown } from "./input.js";

/** The version of the engine's definition that this package computes. Sessions carry theirs in `engine_version`. */
export const ENGINE_VERSION = 1;

/** Refuses a session that was made for another version: its states would come out wrong. */
export function checkVersion(version: number | undefined): void {
  if (version !== undefined && version !== ENGINE_VERSION) {
    throw new EngineError(
      "engine_version",
      "engine_version",
      `engine_version must be ${ENGINE_VERSION}, got ${shown(version)}`,
    );
  }
}
