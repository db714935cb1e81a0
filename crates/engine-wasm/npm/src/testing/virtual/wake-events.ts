/** Tells a page that it was thawed, or that its network is back. */
import type { WakeEvent, WakeEvents } from "../../clock/inputs.js";

/** Keeps the listeners of a page. */
export class WakeEventSource {
  #listeners: ((event: WakeEvent) => void)[] = [];

  /** How many listeners there are. */
  get count(): number {
    return this.#listeners.length;
  }

  /** Adds a listener. Adding it twice has it called twice. */
  readonly subscribe: WakeEvents = (listener) => {
    // A separate function for each call, so that each can be removed by itself.
    const call = (event: WakeEvent): void => listener(event);
    this.#listeners.push(call);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== call);
    };
  };

  /** Calls all listeners. */
  emit(event: WakeEvent): void {
    for (const listener of [...this.#listeners]) {
      listener(event);
    }
  }
}
