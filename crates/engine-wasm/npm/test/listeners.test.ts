import { afterEach, describe, expect, it, vi } from "vitest";

import { Listeners } from "../src/listeners.js";

interface Events {
  one: number;
  other: string;
}

afterEach(() => vi.restoreAllMocks());

function listening(): { listeners: Listeners<Events>; calls: unknown[]; note: (happened: unknown) => void } {
  const calls: unknown[] = [];
  return {
    listeners: new Listeners<Events>({ one: true, other: true }),
    calls,
    note: (happened) => calls.push(happened),
  };
}

describe("listeners are called", () => {
  it("in the order in which they were added, for their own event", () => {
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

  it("until they are removed, which can happen twice", () => {
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

  it("twice if they were added twice, and once after one removal", () => {
    const { listeners, calls, note } = listening();
    const off = listeners.add("one", note);
    listeners.add("one", note);
    listeners.emit("one", 1);
    off();
    off();
    listeners.emit("one", 2);
    expect(calls).toEqual([1, 1, 2]);
  });

  it("even if an earlier one throws, which is reported as unhandled", () => {
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

  it("unless an earlier one has removed them", () => {
    const { listeners, calls, note } = listening();
    listeners.add("one", () => off());
    const off = listeners.add("one", note);
    listeners.emit("one", 1);
    expect(calls).toEqual([]);
  });

  it("unless an earlier one has removed all", () => {
    const { listeners, calls, note } = listening();
    listeners.add("one", () => listeners.clear());
    listeners.add("one", note);
    listeners.emit("one", 1);
    listeners.emit("one", 2);
    expect(calls).toEqual([]);
  });

  it("from the next event on if another listener has added them", () => {
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
