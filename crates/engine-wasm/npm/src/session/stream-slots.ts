/**
 * Limits the event streams of a page to one for each server. Over HTTP/1.1 browsers allow six connections to a server across all
 * tabs, and a stream holds one as long as it lives. With more streams no other request would get through, so the other sessions
 * of the page poll.
 */

/** The origins with a stream, by the kind of stream. */
const taken = new WeakMap<object, Set<string>>();

/** Takes the slot of an origin if it is free. Returns a function that releases it. */
export function takeSlot(kind: object, origin: string): (() => void) | undefined {
  const origins = taken.get(kind) ?? new Set();
  if (origins.has(origin)) {
    return undefined;
  }
  taken.set(kind, origins.add(origin));
  return () => origins.delete(origin);
}
