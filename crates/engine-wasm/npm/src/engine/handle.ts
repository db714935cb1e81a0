// Programs that take the package's types need not name this library themselves.
/// <reference lib="esnext.disposable" preserve="true" />
import { EngineError } from "./error.js";

/**
 * `Symbol.dispose`, or the symbol that stands in for it where it is missing, so that the classes can name their method
 * everywhere.
 */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");

/** Gives back what stands behind a handle that nobody can reach any more. */
const lost = new FinalizationRegistry<() => void>((giveBack) => giveBack());

/** A timeline or a draw in the engine's memory, which knows it by a number. */
export class Handle {
  readonly #name: string;
  readonly #close: (number: number) => void;
  #number: number | undefined;

  /**
   * @param name What an error calls it.
   * @param number What the engine calls it.
   * @param close Has the engine forget it.
   */
  constructor(name: string, number: number, close: (number: number) => void) {
    this.#name = name;
    this.#number = number;
    this.#close = close;
    lost.register(this, () => close(number), this);
  }

  /** The engine's number for it. Throws once it is freed. */
  get number(): number {
    if (this.#number === undefined) {
      throw freed(this.#name);
    }
    return this.#number;
  }

  free(): void {
    if (this.#number !== undefined) {
      lost.unregister(this);
      this.#close(this.#number);
      this.#number = undefined;
    }
  }
}

/** The error for using what has been freed. */
function freed(name: string): EngineError {
  return new EngineError("freed", name, `the ${name} has been freed`);
}
