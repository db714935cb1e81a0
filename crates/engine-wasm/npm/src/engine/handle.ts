// Programs that take the package's types need not name this library themselves.
/// <reference lib="esnext.disposable" preserve="true" />
import { EngineError } from "./error.js";

/**
 * `Symbol.dispose`, or the symbol that stands in for it where it is missing, so that the classes can name their method
 * everywhere.
 */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");

/** The error for using what has been freed. */
export function freed(name: string): EngineError {
  return new EngineError("freed", name, `the ${name} has been freed`);
}
