/**
 * Who may have a stream of events. Over HTTP/1.1 browsers allow six connections to a server, all tabs together, and a stream holds
 * one as long as it lives: a few more, and nothing else would get through. So a page has one for each server, and its other sessions
 * ask now and then.
 */

/** By the kind of stream, then by the server's origin. */
const taken = new WeakMap<object, Set<string>>();

/** Takes the turn of an origin, if it is free. Gives what gives it back. */
export function takeTurn(kind: object, origin: string): (() => void) | undefined {
  const origins = taken.get(kind) ?? new Set();
  if (origins.has(origin)) {
    return undefined;
  }
  taken.set(kind, origins.add(origin));
  return () => origins.delete(origin);
}
