import { EngineError } from "./error.js";
import { printable } from "./input.js";

/** The engine version that this package implements. Sessions name theirs in `engine_version`. */
export const ENGINE_VERSION = 1;

/** Throws for a session that needs another version: its states would be wrong. */
export function checkVersion(version: number | undefined): void {
  if (version !== undefined && version !== ENGINE_VERSION) {
    throw new EngineError(
      "engine_version",
      "engine_version",
      `engine_version must be ${ENGINE_VERSION}, got ${printable(version)}`,
    );
  }
}
