import { microtask } from "./microtask.js";

/** The listeners of each event. */
export class Listeners<Events> {
  readonly #sets = new Map<keyof Events, Set<(payload: never) => void>>();

  /** Calls a listener at each event, until the returned function is called. */
  add<Name extends keyof Events>(event: Name, listener: (payload: Events[Name]) => void): () => void {
    // A separate function, so that a listener added twice is called twice and can be removed once.
    const call = (payload: Events[Name]): void => listener(payload);
    const set = this.#sets.get(event) ?? new Set();
    this.#sets.set(event, set.add(call));
    return () => {
      set.delete(call);
    };
  }

  /** Returns whether an event has a listener. */
  has(event: keyof Events): boolean {
    return (this.#sets.get(event)?.size ?? 0) > 0;
  }

  /**
   * Calls all listeners of an event, except those that another listener has just removed or added. An error in one does not
   * affect the others; it is reported as unhandled.
   */
  emit<Name extends keyof Events>(event: Name, payload: Events[Name]): void {
    const set = this.#sets.get(event) as Set<(payload: Events[Name]) => void> | undefined;
    for (const listener of [...(set ?? [])]) {
      if (set?.has(listener)) {
        call(listener, payload);
      }
    }
  }

  /** Removes all listeners. */
  clear(): void {
    for (const set of this.#sets.values()) {
      set.clear();
    }
    this.#sets.clear();
  }
}

function call<Happened>(listener: (payload: Happened) => void, payload: Happened): void {
  try {
    listener(payload);
  } catch (error) {
    microtask(() => {
      throw error;
    });
  }
}
