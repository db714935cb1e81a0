import { afterEach, describe, expect, it, vi } from "vitest";

import { sessionAddress } from "../../src/http/address.js";
import type { SessionObserver } from "../../src/session/session-observer.js";
import { SessionWatcher } from "../../src/session/watcher.js";
import { errorResponse, HttpWorld, json, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
import { WatcherHarness } from "./watcher-harness.js";

afterEach(() => vi.unstubAllGlobals());

describe("a stream", () => {
  it("delivers the session as it is, and then its stop", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.world.server.stop(NOON + 60_000);
    await harness.world.pass(1_000);
    expect(harness.reported).toEqual([true, 1, 2]);
    expect(harness.watcher.isListening).toBe(true);
  });

  it("is checked by a poll once a minute, because it may have died unnoticed", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(200_000);
    expect(harness.askedAt).toEqual([60_020, 120_040, 180_060]);
  });

  it.each(["no JSON {", "", "null", "5", "{}", '{"revision":"2"}'])(
    "skips damaged data: %j",
    async (data) => {
      const harness = new WatcherHarness();
      await harness.world.pass(1_000);
      harness.world.server.emit("stopped", data);
      await harness.world.pass(1_000);
      expect(harness.reported).toEqual([true, 1]);
    },
  );

  it.each(["expired", "deleted"])(
    "ends with a session that is %s, and leaves nothing behind",
    async (end) => {
      const harness = new WatcherHarness();
      await harness.world.pass(1_000);
      harness.world.server.emit(end, JSON.stringify({ id: RECORD.id }));
      await harness.world.pass(100_000);
      expect(harness.reported).toEqual([true, 1, false, "expired"]);
      expect(harness.watcher.isListening).toBe(false);
      expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
      harness.watcher.refresh();
      expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
    },
  );
});

it("needs no parts of a URL, which React Native does not have", () => {
  class NativeURL {
    readonly href: string;

    constructor(address: string) {
      this.href = address;
    }

    get origin(): string {
      throw new Error("URL.origin is not implemented");
    }
  }
  vi.stubGlobal("URL", NativeURL);
  const address = sessionAddress("https://ticks.example/v1/sessions/sess_1");
  const { platform } = new HttpWorld();
  const EventSource = class {
    addEventListener(): void {
      // Nothing ever happens.
    }

    close(): void {
      // Nothing was open.
    }
  } as never;
  const observer: SessionObserver = { noticeMs: 0 } as never;
  new SessionWatcher({ ...platform, EventSource }, address, observer).close();
});

describe("a stream that breaks", () => {
  it("is reported, and so is its return", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.stream.breakOff();
    expect(harness.reported).toEqual([true, 1, false]);
    await harness.world.pass(4_000);
    // The session is still the one that the stream brought last, so the server does not send it again.
    expect(harness.reported).toEqual([true, 1, false, true]);
  });

  it("makes the session poll every five seconds until it is back", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.world.server.reach = "unreachable";
    harness.stream.breakOff();
    await harness.world.pass(16_000);
    expect(harness.askedAt).toEqual([6_000, 11_010, 16_020]);
    harness.world.server.reach = "answers";
    await harness.world.pass(10_000);
    const asked = harness.askedAt.length;
    await harness.world.pass(30_000);
    expect(harness.askedAt).toHaveLength(asked);
  });

  it("is reported once, even if it breaks again and again", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.world.server.reach = "unreachable";
    harness.stream.breakOff();
    await harness.world.pass(60_000);
    expect(harness.reported).toEqual([true, 1, false]);
  });
});

describe("a stream that is rejected", () => {
  it("is reopened after one second, two, four, and so on up to thirty", async () => {
    const harness = new WatcherHarness({}, ({ server }) => {
      server.streamStatus = 503;
    });
    const opened: number[] = [];
    let known: unknown;
    for (let ms = 0; ms < 125_000; ms += 10) {
      await harness.world.pass(10);
      const [stream] = harness.world.server.streams;
      if (stream !== undefined && stream !== known) {
        known = stream;
        opened.push(harness.world.agenda.now);
      }
    }
    const pauses = opened.map((at, index) => at - (opened[index - 1] ?? 0) - 20);
    expect(pauses.slice(1).map((pause) => Math.round(pause / 100) / 10)).toEqual([
      1, 2, 4, 8, 16, 30, 30, 30,
    ]);
  });

  it("after an accepted one is reopened after one second", async () => {
    const harness = new WatcherHarness({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await harness.world.pass(6_000);
    harness.world.server.streamStatus = 200;
    await harness.world.pass(5_000);
    expect(harness.watcher.isListening).toBe(true);
    harness.world.server.streamStatus = 503;
    harness.stream.breakOff();
    await harness.world.pass(3_000 + 20 + 500);
    expect(harness.world.server.streams.size).toBe(0);
    harness.world.server.streamStatus = 200;
    await harness.world.pass(600);
    expect(harness.watcher.isListening).toBe(true);
  });

  it("does not keep the session from polling", async () => {
    const harness = new WatcherHarness({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await harness.world.pass(16_000);
    expect(harness.askedAt).toEqual([5_000, 10_020, 15_040]);
    expect(harness.reported).toEqual([1, 1, 1]);
    expect(harness.watcher.isListening).toBe(false);
  });

  it("leaves no stream behind when another takes its place", async () => {
    const harness = new WatcherHarness({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await harness.world.pass(3_500);
    harness.world.server.streamStatus = 200;
    harness.watcher.refresh();
    await harness.world.pass(60_000);
    expect(harness.world.server.streams.size).toBe(1);
    expect(harness.watcher.isListening).toBe(true);
  });
});

describe("without a stream", () => {
  const withoutStream = { EventSource: undefined };

  it("the session polls every five seconds, and bypasses caches", async () => {
    const harness = new WatcherHarness(withoutStream);
    await harness.world.pass(16_000);
    expect(harness.askedAt).toEqual([5_000, 10_020, 15_040]);
    for (const { init } of harness.world.server.requestsTo(harness.path)) {
      expect(init.cache).toBe("no-cache");
    }
    expect(harness.reported).toEqual([1, 1, 1]);
    expect(harness.watcher.isListening).toBe(false);
  });

  it("clients that started together do not poll together", async () => {
    const asked = [0, 0.999].map(async (random) => {
      const harness = new WatcherHarness({ ...withoutStream, random: () => random });
      await harness.world.pass(6_500);
      return harness.askedAt[0];
    });
    expect(await Promise.all(asked)).toEqual([4_000, expect.closeTo(5_998, 5)]);
  });

  it("a failed request does not delay the next", async () => {
    const harness = new WatcherHarness(withoutStream);
    harness.world.server.reach = "unreachable";
    await harness.world.pass(11_000);
    harness.world.server.reach = "answers";
    harness.world.server.stop(NOON + 60_000);
    await harness.world.pass(5_000);
    expect(harness.reported).toEqual([2]);
  });

  it("because EventSource throws, the session polls as well", async () => {
    const harness = new WatcherHarness({
      EventSource: class {
        constructor() {
          throw new Error("forbidden");
        }
      } as never,
    });
    await harness.world.pass(11_000);
    expect(harness.askedAt).toEqual([5_000, 10_020]);
    harness.watcher.close();
  });

  it("a session that the server no longer has is expired, and not requested again", async () => {
    const harness = new WatcherHarness(withoutStream);
    harness.world.server.records.clear();
    await harness.world.pass(60_000);
    expect(harness.reported).toEqual(["expired"]);
    expect(harness.askedAt).toHaveLength(1);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it.each([
    [404, "not_found"],
    [503, "store_unavailable"],
  ])("a response of %i %s does not mean expired: it may come from a proxy", async (status, code) => {
    const harness = new WatcherHarness(withoutStream);
    harness.world.server.interpose = () => errorResponse(code, status);
    await harness.world.pass(11_000);
    expect(harness.reported).toEqual([]);
    expect(harness.askedAt).toHaveLength(2);
  });

  it("a response that is not a session is skipped", async () => {
    const harness = new WatcherHarness(withoutStream);
    harness.world.server.interpose = () => json(null);
    await harness.world.pass(6_000);
    harness.world.server.interpose = () => json({ revision: 7 });
    await harness.world.pass(5_000);
    expect(harness.reported).toEqual([]);
  });
});

describe("a refresh", () => {
  it("requests the session at once, and reopens the stream", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    const before = harness.stream;
    harness.world.server.stop(NOON + 60_000);
    before.close();
    harness.watcher.refresh();
    await harness.world.pass(100);
    expect(harness.stream).not.toBe(before);
    expect(harness.reported.at(-1)).toBe(2);
    expect(harness.askedAt).toEqual([1_000]);
  });

  it("ignores everything from the previous stream", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    const before = harness.stream;
    harness.watcher.refresh();
    before.readyState = 1;
    before.arrive("stopped", JSON.stringify({ ...RECORD, revision: 9 }));
    before.breakOff();
    expect(harness.reported).toEqual([true, 1, false]);
  });

  it("does not count as listening until the new stream is open", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.world.server.reach = "silent";
    harness.watcher.refresh();
    await harness.world.pass(1_000);
    expect(harness.watcher.isListening).toBe(false);
    await harness.world.pass(20_000);
    expect(harness.askedAt.length).toBeGreaterThan(1);
  });

  it("replaces a request in flight, whose network may be gone", async () => {
    const harness = new WatcherHarness({ EventSource: undefined });
    harness.world.server.reach = "silent";
    await harness.world.pass(6_000);
    harness.world.server.reach = "answers";
    harness.watcher.refresh();
    await harness.world.pass(20);
    expect(harness.reported).toEqual([1]);
    expect(harness.world.leftovers.requests).toBe(0);
  });

  it("leaves one request and one stream, however often it happens", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    for (let count = 0; count < 10; count += 1) {
      harness.watcher.refresh();
    }
    expect(harness.world.leftovers).toMatchObject({ requests: 1, streams: 1 });
    await harness.world.pass(1_000);
    expect(harness.world.leftovers).toMatchObject({ requests: 0, streams: 1, timers: 1 });
  });
});

describe("the observer may close the watcher", () => {
  it.each([
    ["an open stream", true],
    ["the session", 1],
  ])("when it receives %s", async (_what, when) => {
    const harness = new WatcherHarness();
    harness.onReport = (reported) => {
      if (reported === when) {
        harness.watcher.close();
      }
    };
    await harness.world.pass(100_000);
    expect(harness.reported.at(-1)).toBe(when);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when the stream breaks", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.onReport = () => harness.watcher.close();
    harness.stream.breakOff();
    await harness.world.pass(100_000);
    expect(harness.reported).toEqual([true, 1, false]);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when the stream is rejected", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.onReport = () => harness.watcher.close();
    harness.world.server.streamStatus = 503;
    harness.stream.breakOff();
    await harness.world.pass(100_000);
    expect(harness.reported).toEqual([true, 1, false]);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when it receives a response", async () => {
    const harness = new WatcherHarness({ EventSource: undefined });
    harness.onReport = () => harness.watcher.close();
    await harness.world.pass(100_000);
    expect(harness.reported).toEqual([1]);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("and then receives nothing more, whatever is still in flight", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.world.server.stop(NOON + 60_000);
    harness.watcher.refresh();
    harness.watcher.close();
    await harness.world.pass(100_000);
    expect(harness.reported.filter((reported) => typeof reported === "number")).toEqual([1]);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });
});
