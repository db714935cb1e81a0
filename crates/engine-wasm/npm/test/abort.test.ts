import { getEventListeners } from "node:events";
import { expect, it, vi } from "vitest";

import { onAbort } from "../src/abort.js";

it("a signal has one listener, however many follow it, and none once they have gone", () => {
  const { signal } = new AbortController();
  const offs = Array.from({ length: 100 }, () => onAbort(signal, () => undefined));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  for (const off of offs) {
    off();
    off();
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("a listener is called as often as it was added, and no more once it has gone", () => {
  const controller = new AbortController();
  const listener = vi.fn();
  onAbort(controller.signal, listener);
  onAbort(controller.signal, listener)();
  onAbort(controller.signal, listener);
  controller.abort();
  expect(listener).toHaveBeenCalledTimes(2);
});

it("a listener may remove another", () => {
  const controller = new AbortController();
  const other = vi.fn();
  let off = (): void => undefined;
  onAbort(controller.signal, () => off());
  off = onAbort(controller.signal, other);
  controller.abort();
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
  expect(other).not.toHaveBeenCalled();
});

it("a signal that is aborted already calls at once, and no signal never calls", () => {
  const listener = vi.fn();
  onAbort(AbortSignal.abort(), listener)();
  expect(listener).toHaveBeenCalledTimes(1);
  onAbort(undefined, listener)();
  expect(listener).toHaveBeenCalledTimes(1);
});
