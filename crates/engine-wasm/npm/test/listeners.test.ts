import { afterEach, describe, expect, it, vi } from "vitest";

import { Listeners } from "../src/listeners.js";

interface Events {
  one: number;
  other: string;
}

afterEach(() => vi.restoreAllMocks());

function listening(): { listeners: Listeners<Events>; calls: unknown[]; note: (happened: unknown) => void } {
  const calls: unknown[] = [];
  return { listeners: new Listeners<Events>(), calls, note: (happened) => calls.push(happened) };
}

describe("listeners are called", () => {
  it("in the order in which they were added, each for its own event", () => {
    const { listeners, calls } = listening();
    listeners.add("one", (number) => calls.push(["first", number]));
    listeners.add("other", (text) => calls.push(["other", text]));
    listeners.add("one", (number) => calls.push(["second", number]));
    listeners.emit("one", 1);
    listeners.emit("other", "two");
    expect(calls).toEqual([
      ["first", 1],
      ["second", 1],
      ["other", "two"],
    ]);
  });

  it("until they are taken back, which may be done twice", () => {
    const { listeners, calls, note } = listening();
    const off = listeners.add("one", note);
    expect(listeners.has("one")).toBe(true);
    listeners.emit("one", 1);
    off();
    off();
    listeners.emit("one", 2);
    expect(calls).toEqual([1]);
    expect(listeners.has("one")).toBe(false);
  });

  it("twice if they were added twice, of which one can be taken back", () => {
    const { listeners, calls, note } = listening();
    const off = listeners.add("one", note);
    listeners.add("one", note);
    listeners.emit("one", 1);
    off();
    off();
    listeners.emit("one", 2);
    expect(calls).toEqual([1, 1, 2]);
  });

  it("though one before has thrown, which is reported as unhandled", () => {
    const { listeners, calls, note } = listening();
    const reported: (() => void)[] = [];
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((report) => {
      reported.push(report);
    });
    listeners.add("one", () => {
      throw new Error("a bug of the game");
    });
    listeners.add("one", note);
    listeners.emit("one", 1);
    expect(calls).toEqual([1]);
    expect(reported).toHaveLength(1);
    expect(reported[0]).toThrow("a bug of the game");
  });

  it("not if one before has taken them back", () => {
    const { listeners, calls, note } = listening();
    listeners.add("one", () => off());
    const off = listeners.add("one", note);
    listeners.emit("one", 1);
    expect(calls).toEqual([]);
  });

  it("not if one before has everybody forgotten", () => {
    const { listeners, calls, note } = listening();
    listeners.add("one", () => listeners.clear());
    listeners.add("one", note);
    listeners.emit("one", 1);
    listeners.emit("one", 2);
    expect(calls).toEqual([]);
  });

  it("from the next event on if they were added by one that is called", () => {
    const { listeners, calls, note } = listening();
    const off = listeners.add("one", () => {
      off();
      listeners.add("one", note);
    });
    listeners.emit("one", 1);
    listeners.emit("one", 2);
    expect(calls).toEqual([2]);
  });
});
