// Makes this library part of the package's types, so that programs need not list it themselves.
/// <reference lib="esnext.disposable" preserve="true" />
import { EngineError } from "./error.js";

/**
 * `Symbol.dispose`, or a substitute where it is missing, so that classes can define the method everywhere.
 */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");

/** Frees the engine's memory for handles that are garbage-collected, where the platform tells. Elsewhere `free` must be called. */
const unreachable =
  typeof FinalizationRegistry === "function"
    ? new FinalizationRegistry<() => void>((release) => release())
    : undefined;

/** A timeline or a draw in the engine's memory, where a number identifies it. */
export class Handle {
  readonly #name: string;
  readonly #close: (number: number) => void;
  #number: number | undefined;

  /**
   * @param name Its name in errors.
   * @param number Its number in the engine.
   * @param close Frees it in the engine.
   */
  constructor(name: string, number: number, close: (number: number) => void) {
    this.#name = name;
    this.#number = number;
    this.#close = close;
    unreachable?.register(this, () => close(number), this);
  }

  /** Its number in the engine. Throws once it is freed. */
  get number(): number {
    if (this.#number === undefined) {
      throw freed(this.#name);
    }
    return this.#number;
  }

  free(): void {
    if (this.#number !== undefined) {
      unreachable?.unregister(this);
      this.#close(this.#number);
      this.#number = undefined;
    }
  }
}

function freed(name: string): EngineError {
  return new EngineError("freed", name, `the ${name} has been freed`);
}
