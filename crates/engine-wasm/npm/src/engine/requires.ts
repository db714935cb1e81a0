import { EngineError } from "./error.js";
import { printable } from "./input.js";

/** What this package understands beyond the fields that every session has. */
const UNDERSTOOD: readonly unknown[] = ["schedule"];

/** Throws for a session that requires anything else: its states would be wrong. */
export function checkRequires(requires: readonly string[] = []): void {
  if (!Array.isArray(requires)) {
    throw new EngineError(
      "unknown_requirement",
      "requires",
      `requires must be a list of names, got ${printable(requires)}`,
    );
  }
  const unknown = requires.find((name) => !UNDERSTOOD.includes(name));
  if (unknown !== undefined) {
    throw new EngineError(
      "unknown_requirement",
      "requires",
      `the session requires ${printable(unknown)}, which this version of tickseed does not understand`,
    );
  }
}
