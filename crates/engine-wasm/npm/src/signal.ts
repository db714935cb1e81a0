/** Follows the abort signals of programs. */

/** The listeners of one signal, behind a single listener of its own: Node.js warns of a leak if a signal has more than ten. */
class AbortListeners extends Set<() => void> {
  handleEvent(): void {
    for (const listener of [...this]) {
      listener();
    }
  }
}

const known = new WeakMap<AbortSignal, AbortListeners>();

/** Calls a listener when a signal is aborted, at once if it already is, until the returned function is called. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) {
    return nothing;
  }
  if (signal.aborted) {
    listener();
    return nothing;
  }
  const all = known.get(signal) ?? new AbortListeners();
  // A separate function, so that a listener added twice is called twice and can be removed once.
  const call = (): void => listener();
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
