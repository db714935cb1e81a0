import { afterEach, describe, expect, it, vi } from "vitest";

import { platform } from "../src/platform.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A page as far as signs come from it. */
class Page {
  readonly document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  readonly window = new EventTarget();
  readonly events: string[] = [];
  readonly ignore: () => void;

  constructor() {
    vi.stubGlobal("document", this.document);
    vi.stubGlobal("window", this.window);
    this.ignore = platform().wakeEvents((event) => this.events.push(event));
  }

  shows(visibilityState: "visible" | "hidden"): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }

  returns(persisted: boolean): void {
    this.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted }));
  }
}

describe("signs of a page", () => {
  it("are that it was thawed, or comes out of the back-forward cache: it may have slept", () => {
    const page = new Page();
    page.document.dispatchEvent(new Event("resume"));
    page.returns(true);
    expect(page.events).toEqual(["woken", "woken"]);
  });

  it("are that it is shown again, or has a network again: it is worth asking", () => {
    const page = new Page();
    page.shows("visible");
    page.window.dispatchEvent(new Event("online"));
    expect(page.events).toEqual(["back", "back"]);
  });

  it("are not that it is hidden, or was loaded", () => {
    const page = new Page();
    page.shows("hidden");
    page.returns(false);
    expect(page.events).toEqual([]);
  });

  it("end when they are not wanted any more", () => {
    const page = new Page();
    page.ignore();
    page.document.dispatchEvent(new Event("resume"));
    page.window.dispatchEvent(new Event("online"));
    page.shows("visible");
    page.returns(true);
    expect(page.events).toEqual([]);
  });

  it("do not come in Node.js, and can be ended there", () => {
    expect(() => platform().wakeEvents(() => undefined)()).not.toThrow();
  });
});

describe("the platform", () => {
  it("has the clocks and timers of the machine", () => {
    vi.useFakeTimers();
    const { time, timers } = platform();
    expect(time.wallMs()).toBe(Date.now());
    expect(time.monotonicMs()).toBe(performance.now());
    let runs = 0;
    const run = (): void => {
      runs += 1;
    };
    timers.set(run, 100);
    const cancel = timers.set(run, 100);
    cancel();
    vi.advanceTimersByTime(1_000);
    expect(runs).toBe(1);
    cancel();
  });

  it("fetches by what fetches at that moment", async () => {
    const { fetch } = platform();
    vi.stubGlobal("fetch", (address: string) => Promise.resolve(`patched ${address}`));
    expect(await fetch("https://ticks.example")).toBe("patched https://ticks.example");
  });

  it("has streams where there are any", () => {
    vi.stubGlobal("EventSource", undefined);
    expect(platform().EventSource).toBeUndefined();
    class Stream {}
    vi.stubGlobal("EventSource", Stream);
    expect(platform().EventSource).toBe(Stream);
    expect(platform({ EventSource: undefined }).EventSource).toBeUndefined();
  });

  it("takes what is given in place of its own, and no stamps of the wire beside another's time", () => {
    const time = { monotonicMs: () => 1, wallMs: () => 2 };
    const given = platform({ time });
    expect(given.time).toBe(time);
    expect(given.watchResourceTiming).toBeUndefined();
    expect(platform().watchResourceTiming).toBeDefined();
    expect(given.timers).toBe(platform().timers);
  });
});
