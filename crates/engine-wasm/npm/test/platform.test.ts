import { afterEach, describe, expect, it, vi } from "vitest";

import { platform } from "../src/platform.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** The parts of a page that wake events come from. */
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

describe("the wake events of a page", () => {
  it("are `woken` when it is thawed or restored from the back-forward cache, because it may have slept", () => {
    const page = new Page();
    page.document.dispatchEvent(new Event("resume"));
    page.returns(true);
    expect(page.events).toEqual(["woken", "woken"]);
  });

  it("are `back` when it is shown again or is online again, because it is worth asking", () => {
    const page = new Page();
    page.shows("visible");
    page.window.dispatchEvent(new Event("online"));
    expect(page.events).toEqual(["back", "back"]);
  });

  it("do not come when it is hidden or loaded", () => {
    const page = new Page();
    page.shows("hidden");
    page.returns(false);
    expect(page.events).toEqual([]);
  });

  it("end when the listener is removed", () => {
    const page = new Page();
    page.ignore();
    page.document.dispatchEvent(new Event("resume"));
    page.window.dispatchEvent(new Event("online"));
    page.shows("visible");
    page.returns(true);
    expect(page.events).toEqual([]);
  });

  it("do not come in Node.js, where removing a listener works too", () => {
    expect(() => platform().wakeEvents(() => undefined)()).not.toThrow();
  });
});

describe("a global that is not what its name says", () => {
  it.each([
    ["is empty", {}],
    ["has only a part", { addEventListener: undefined, visibilityState: "visible" }],
  ])("brings no wake events if it %s", (_what, empty) => {
    vi.stubGlobal("document", empty);
    vi.stubGlobal("window", empty);
    expect(() => platform().wakeEvents(() => undefined)()).not.toThrow();
  });

  it("gets listeners without a signal, which could be of another realm", () => {
    const document = new EventTarget();
    const added = vi.spyOn(document, "addEventListener");
    vi.stubGlobal("document", document);
    platform().wakeEvents(() => undefined)();
    expect(added.mock.calls.map((call) => call.length)).toEqual([2, 2]);
  });

  it("is no stream", () => {
    vi.stubGlobal("EventSource", {});
    expect(platform().EventSource).toBeUndefined();
  });

  it("is no page that has Resource Timing", () => {
    vi.stubGlobal("document", {});
    const observed = vi.spyOn(PerformanceObserver.prototype, "observe");
    platform().watchResourceTiming?.("https://ticks.example").end();
    expect(observed).not.toHaveBeenCalled();
  });
});

describe("a request", () => {
  /** Returns the options that reach `fetch`. */
  async function sent(init: RequestInit): Promise<string[]> {
    const fetched = vi.fn((_address: string, _init: RequestInit) => Promise.resolve(new Response()));
    vi.stubGlobal("fetch", fetched);
    await platform().fetch("https://ticks.example", init);
    return Object.keys(fetched.mock.calls[0]?.[1] ?? {});
  }

  it("keeps the options that the platform knows", async () => {
    const { signal } = new AbortController();
    expect(await sent({ method: "POST", cache: "no-store", signal })).toEqual(["method", "cache", "signal"]);
  });

  it("leaves out a signal of another realm", async () => {
    const { signal } = new AbortController();
    vi.stubGlobal("Request", function request(_address: string, init: RequestInit) {
      if (init.signal !== undefined) {
        throw new TypeError("RequestInit: Expected signal to be an instance of AbortSignal.");
      }
    });
    expect(await sent({ cache: "no-store", signal })).toEqual(["cache"]);
  });

  it("leaves out `cache` where it is not implemented, as in the first Cloudflare Workers", async () => {
    vi.stubGlobal("Request", function request(_address: string, init: RequestInit) {
      if (init.cache !== undefined) {
        throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
      }
    });
    expect(await sent({ method: "POST", cache: "no-store" })).not.toContain("cache");
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

  it("uses the current global `fetch`", async () => {
    const { fetch } = platform();
    vi.stubGlobal("fetch", (address: string) => Promise.resolve(`patched ${address}`));
    expect(await fetch("https://ticks.example")).toBe("patched https://ticks.example");
  });

  it("has streams where the global object has them", () => {
    vi.stubGlobal("EventSource", undefined);
    expect(platform().EventSource).toBeUndefined();
    class Stream {}
    vi.stubGlobal("EventSource", Stream);
    expect(platform().EventSource).toBe(Stream);
    expect(platform({ EventSource: undefined }).EventSource).toBeUndefined();
  });

  it("has what tabs need to share a stream where the global object has it", () => {
    for (const name of ["navigator", "BroadcastChannel", "document"]) {
      vi.stubGlobal(name, undefined);
    }
    expect(platform()).toMatchObject({ locks: undefined, channel: undefined, document: undefined });
    const [locks, document, Channel] = [{ request: vi.fn() }, { addEventListener: vi.fn() }, class {}];
    vi.stubGlobal("navigator", { locks });
    vi.stubGlobal("BroadcastChannel", Channel);
    vi.stubGlobal("document", document);
    expect(platform().locks).toBe(locks);
    expect(platform().channel).toBe(Channel);
    expect(platform().document).toBe(document);
    expect(platform({ locks: undefined }).locks).toBeUndefined();
    vi.stubGlobal("navigator", { locks: {} });
    vi.stubGlobal("BroadcastChannel", {});
    vi.stubGlobal("document", {});
    expect(platform()).toMatchObject({ locks: undefined, channel: undefined, document: undefined });
  });

  it("can be replaced in part, and with another time has no Resource Timing", () => {
    const time = { monotonicMs: () => 1, wallMs: () => 2 };
    const given = platform({ time });
    expect(given.time).toBe(time);
    expect(given.watchResourceTiming).toBeUndefined();
    expect(platform().watchResourceTiming).toBeDefined();
    expect(given.timers).toBe(platform().timers);
  });
});
