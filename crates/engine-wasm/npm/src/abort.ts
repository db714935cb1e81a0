/** Aborted signals, also on platforms whose signals have no reason and no `throwIfAborted`, such as React Native. */

/** Returns why a signal was aborted. */
export function abortReason({ reason }: AbortSignal): unknown {
  return reason ?? Object.assign(new Error("the operation was aborted"), { name: "AbortError" });
}

/** Throws the reason of a signal if it is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw abortReason(signal);
  }
}
