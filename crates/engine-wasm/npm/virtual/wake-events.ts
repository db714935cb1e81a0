/** Tells a page that it was thawed, or that its network is back. */
import type { Sign, Signs } from "../src/clock/ports.js";

/** Keeps the listeners of a page. */
export class WakeEventSource {
  #listeners: ((event: Sign) => void)[] = [];

  /** How many listeners there are. */
  get count(): number {
    return this.#listeners.length;
  }

  /** Adds a listener. Adding it twice has it called twice. */
  readonly subscribe: Signs = (listener) => {
    // A separate function for each call, so that each can be removed by itself.
    const call = (event: Sign): void => listener(event);
    this.#listeners.push(call);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== call);
    };
  };

  /** Calls all listeners. */
  tell(event: Sign): void {
    for (const listener of [...this.#listeners]) {
      listener(event);
    }
  }
}
