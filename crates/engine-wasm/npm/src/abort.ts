/** Aborted signals, also on platforms whose signals have no reason and no `throwIfAborted`, such as React Native. */

/** Returns why a signal was aborted. */
export function abortReason({ reason }: AbortSignal): unknown {
  return reason ?? Object.assign(new Error("aborted"), { name: "AbortError" });
}

/** Throws the reason of a signal if it is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw abortReason(signal);
  }
}

/** The listeners of one signal, behind a single listener of its own: Node.js warns of a leak if a signal has more than ten. */
class AbortListeners extends Set<(reason: unknown) => void> {
  handleEvent({ target }: Event): void {
    for (const listener of [...this]) {
      // Another listener may have removed it.
      if (this.has(listener)) {
        listener(abortReason(target as AbortSignal));
      }
    }
  }
}

const known = new WeakMap<AbortSignal, AbortListeners>();

/**
 * Calls a listener with the reason when a signal is aborted, at once if it already is, until the returned function is called.
 */
export function onAbort(signal: AbortSignal | undefined, listener: (reason: unknown) => void): () => void {
  if (signal === undefined) {
    return nothing;
  }
  if (signal.aborted) {
    listener(abortReason(signal));
    return nothing;
  }
  const all = known.get(signal) ?? new AbortListeners();
  // A separate function, so that a listener added twice is called twice and can be removed once.
  const call = (reason: unknown): void => listener(reason);
  known.set(signal, all.add(call));
  // Adding the same object again has no effect.
  signal.addEventListener("abort", all);
  return () => {
    all.delete(call);
    if (all.size === 0) {
      signal.removeEventListener("abort", all);
    }
  };
}

function nothing(): void {
  // There is nothing to remove.
}
