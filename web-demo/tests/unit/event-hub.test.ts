import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Relayed } from "../../src/player/messages.js";
import { EventHub } from "../../src/session/event-hub.js";

/** Stands for the browser's stream. */
class FakeStream extends EventTarget {
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: FakeStream[] = [];
  readyState = 0;

  constructor() {
    super();
    FakeStream.all.push(this);
  }

  close(): void {
    this.readyState = FakeStream.CLOSED;
  }

  open(): void {
    this.readyState = FakeStream.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  /** Fails as it does after an answer such as 503. */
  fail(): void {
    this.readyState = FakeStream.CLOSED;
    this.dispatchEvent(new Event("error"));
  }

  static get last(): FakeStream {
    return FakeStream.all.at(-1) as FakeStream;
  }
}

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });

beforeEach(() => {
  FakeStream.all = [];
  page.visibilityState = "visible";
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeStream);
  vi.stubGlobal("document", page);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function show(visibilityState: string): void {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event("visibilitychange"));
}

test.each(["expired", "deleted"])("after %s the stream is closed for good", (type) => {
  const hub = new EventHub("https://ticks.example/v1/sessions/sess_1");
  const heard: Relayed[] = [];
  hub.join((relayed) => heard.push(relayed));
  FakeStream.last.open();
  FakeStream.last.dispatchEvent(new MessageEvent(type, { data: "{}" }));
  expect(FakeStream.last.readyState).toBe(FakeStream.CLOSED);
  vi.advanceTimersByTime(600_000);
  expect(FakeStream.all).toHaveLength(1);
  const end = { type, event: { data: "{}", lastEventId: "" } };
  expect(heard).toEqual([{ type: "open" }, end]);

  const late = vi.fn();
  hub.join(late);
  expect(late.mock.calls).toEqual([[end]]);
});

test("a stream that is refused is opened again ever more slowly, up to 30 s, until it opens", () => {
  new EventHub("https://ticks.example/v1/sessions/sess_1");
  for (const pauseMs of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const { length } = FakeStream.all;
    FakeStream.last.fail();
    vi.advanceTimersByTime(pauseMs - 1);
    expect(FakeStream.all).toHaveLength(length);
    vi.advanceTimersByTime(1);
    expect(FakeStream.all).toHaveLength(length + 1);
  }
  const { length } = FakeStream.all;
  FakeStream.last.open();
  FakeStream.last.fail();
  vi.advanceTimersByTime(2_000);
  expect(FakeStream.all).toHaveLength(length + 1);
});

test("a hidden tab does not open it again until somebody looks", () => {
  const hub = new EventHub("https://ticks.example/v1/sessions/sess_1");
  show("hidden");
  FakeStream.last.fail();
  vi.advanceTimersByTime(600_000);
  expect(FakeStream.all).toHaveLength(1);
  show("visible");
  show("visible");
  expect(FakeStream.all).toHaveLength(2);

  show("hidden");
  FakeStream.last.fail();
  vi.advanceTimersByTime(600_000);
  hub.close();
  show("visible");
  expect(FakeStream.all).toHaveLength(2);
});

test("who joins a stream that has opened again hears only what that stream has brought", () => {
  const hub = new EventHub("https://ticks.example/v1/sessions/sess_1");
  const heardBy = (): string[] => {
    const heard: string[] = [];
    hub.join(({ type }) => heard.push(type))();
    return heard;
  };
  expect(heardBy()).toEqual([]);
  FakeStream.last.open();
  expect(heardBy()).toEqual(["open"]);
  FakeStream.last.dispatchEvent(new MessageEvent("session", { data: "{}" }));
  expect(heardBy()).toEqual(["open", "session"]);
  FakeStream.last.open();
  expect(heardBy(), "a proxy may hold back the rest").toEqual(["open"]);
});
