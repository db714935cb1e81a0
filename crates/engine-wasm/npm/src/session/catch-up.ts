import { EngineError } from "../engine/error.js";
import { printable } from "../engine/input.js";

/** Which missed steps are reported: those of the last two seconds and the latest, all of them, or only the latest. */
export type CatchUp = "recent" | "all" | "latest";

/** Throws for another value, which in JavaScript would go unnoticed. */
export function checkCatchUp(catchUp: CatchUp = "recent"): void {
  if (!["recent", "all", "latest"].includes(catchUp)) {
    throw new EngineError(
      "unknown_option",
      "catchUp",
      `catchUp must be "recent", "all" or "latest", got ${printable(catchUp)}`,
    );
  }
}
