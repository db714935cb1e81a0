/** Calls the listeners of each event. */
import { printable } from "./engine/input.js";
import { SessionError } from "./http/error.js";
import { microtask } from "./microtask.js";

/** The listeners of each event. */
export class Listeners<Events> {
  readonly #names: Readonly<Record<keyof Events, true>>;
  readonly #sets = new Map<keyof Events, Set<(payload: never) => void>>();

  /** @param names The events that there are. */
  constructor(names: Readonly<Record<keyof Events, true>>) {
    this.#names = names;
  }

  /**
   * Calls a listener at each event, until the returned function is called.
   *
   * @throws {@link SessionError} `unknown_event` and `not_a_function`, for mistakes that would go unnoticed in JavaScript.
   */
  add<Name extends keyof Events>(event: Name, listener: (payload: Events[Name]) => void): () => void {
    if (!Object.hasOwn(this.#names, event)) {
      const names = Object.keys(this.#names).join(", ");
      throw new SessionError(
        "unknown_event",
        `there is no event ${printable(event)}; the events are ${names}`,
      );
    }
    if (typeof listener !== "function") {
      const message = `the listener for ${String(event)} must be a function, got ${printable(listener)}`;
      throw new SessionError("not_a_function", message);
    }
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
        call(() => listener(payload));
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

/** Calls a function of the program. An error in it is reported as unhandled and does not affect the rest. */
export function call<Result>(run: (() => Result) | undefined): Result | undefined {
  try {
    return run?.();
  } catch (error) {
    microtask(() => {
      throw error;
    });
    return undefined;
  }
}
