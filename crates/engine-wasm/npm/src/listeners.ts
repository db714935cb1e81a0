/** Who listens to which event. */
export class Listeners<Events> {
  readonly #sets = new Map<keyof Events, Set<(happened: never) => void>>();

  /** Has a listener called at each event, until the function that this returns is called. */
  add<Name extends keyof Events>(event: Name, listener: (happened: Events[Name]) => void): () => void {
    // A function of its own, so that a listener given twice is called twice and can be taken back once.
    const call = (happened: Events[Name]): void => listener(happened);
    const set = this.#sets.get(event) ?? new Set();
    this.#sets.set(event, set.add(call));
    return () => {
      set.delete(call);
    };
  }

  /** Whether anybody listens to an event. */
  has(event: keyof Events): boolean {
    return (this.#sets.get(event)?.size ?? 0) > 0;
  }

  /**
   * Calls all who listen, but for those that another has taken back meanwhile, or added. One that throws keeps nobody else from
   * being called; the error is reported as unhandled.
   */
  tell<Name extends keyof Events>(event: Name, happened: Events[Name]): void {
    const set = this.#sets.get(event) as Set<(happened: Events[Name]) => void> | undefined;
    for (const listener of [...(set ?? [])]) {
      if (set?.has(listener)) {
        call(listener, happened);
      }
    }
  }

  /** Forgets everybody. */
  clear(): void {
    for (const set of this.#sets.values()) {
      set.clear();
    }
    this.#sets.clear();
  }
}

function call<Happened>(listener: (happened: Happened) => void, happened: Happened): void {
  try {
    listener(happened);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
