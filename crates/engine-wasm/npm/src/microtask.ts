/** Runs a function after the current one, before any timer. */
export function microtask(run: () => void): void {
  if (typeof queueMicrotask === "function") {
    queueMicrotask(run);
  } else {
    void Promise.resolve().then(run);
  }
}
