/**
 * Limits the event streams to one for each server. Over HTTP/1.1 browsers allow six connections to a server across all tabs, and a
 * stream holds one as long as it lives. With more streams no other request would get through, so the other sessions poll.
 *
 * Where tabs can share a stream, there is one in the whole browser. Elsewhere there is one on each page.
 */
import type { Platform } from "../platform.js";

/** Whether the tabs of this browser can share a stream. Some platforms have these globals, but not what they are for. */
export function canShareStreams({ EventSource, locks, channel, document }: Platform): boolean {
  const needed = [EventSource, locks?.request, channel?.prototype?.postMessage, document?.addEventListener];
  return needed.every((method) => typeof method === "function");
}

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
