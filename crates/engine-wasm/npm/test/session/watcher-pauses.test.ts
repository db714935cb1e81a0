/** How long a watcher waits before it tries again. */
import { describe, expect, it } from "vitest";

import { ServerError, SessionError } from "../../src/index.js";
import { errorResponse, RECORD } from "../world/http-world.js";
import { WatcherHarness } from "./watcher-harness.js";

/** A server that is overloaded, and says for how long. */
function overloaded(seconds: string): () => Response {
  return () => {
    const response = errorResponse("store_unavailable", 503);
    response.headers.set("retry-after", seconds);
    return response;
  };
}

describe("the pause before a rejected stream is reopened", () => {
  it.each([
    [0, [0, 0, 0, 0]],
    [0.25, [500, 1_000, 2_000, 4_000]],
    [0.999, [1_998, 3_996, 7_992, 15_984]],
  ])("is random, from zero to a length that doubles: %d", async (random, pauses) => {
    const harness = new WatcherHarness({ random: () => random }, ({ server }) => {
      server.streamStatus = 503;
    });
    await harness.world.pass(40_000);
    const rejected = harness.failures.filter(({ what }) => what === "stream");
    expect(rejected.slice(0, 4).map(({ retryInMs }) => retryInMs)).toEqual(pauses);
    expect(rejected[0]?.error).toBeInstanceOf(SessionError);
  });

  it("is at least as long as the server asks for", async () => {
    const harness = new WatcherHarness({}, ({ server }) => {
      server.streamStatus = 503;
      server.interpose = overloaded("30");
    });
    await harness.world.pass(8_000);
    const before = harness.failures.length;
    await harness.world.pass(27_000);
    expect(harness.failures.length - before).toBeLessThanOrEqual(1);
    expect(harness.failures.at(-1)?.retryInMs).toBeGreaterThan(30_000);
  });
});

describe("the pause before the next poll", () => {
  const withoutStream = { EventSource: undefined };

  it("is at least as long as the server asks for, and ends with its next response", async () => {
    const harness = new WatcherHarness(withoutStream);
    harness.world.server.interpose = overloaded("20");
    await harness.world.pass(6_000);
    expect(harness.failures).toMatchObject([{ what: "session", retryInMs: 30_000 }]);
    expect(harness.failures[0]?.error).toBeInstanceOf(ServerError);
    harness.world.server.interpose = () => undefined;
    await harness.world.pass(45_000);
    expect(harness.askedAt).toEqual([5_000, 35_020, 40_040, 45_060, 50_080]);
  });

  it("is as long as a proxy asks for, whose response is no problem of a server", async () => {
    const harness = new WatcherHarness(withoutStream);
    harness.world.server.interpose = () =>
      new Response("<h1>Too busy</h1>", { status: 503, headers: { "retry-after": "20" } });
    await harness.world.pass(6_000);
    expect(harness.failures).toMatchObject([{ what: "session", retryInMs: 30_000 }]);
    expect(harness.failures[0]?.error).toBeInstanceOf(SessionError);
  });

  it("is no longer than five minutes and their spread, whatever the server asks for", async () => {
    const harness = new WatcherHarness(withoutStream);
    harness.world.server.interpose = overloaded("86400");
    await harness.world.pass(6_000);
    expect(harness.failures).toMatchObject([{ retryInMs: 450_000 }]);
  });

  it("does not end when the session is refreshed: the machines of many clients wake up while a server is overloaded", async () => {
    const harness = new WatcherHarness(withoutStream);
    harness.world.server.interpose = overloaded("20");
    await harness.world.pass(6_000);
    harness.world.server.interpose = () => undefined;
    for (let times = 0; times < 5; times += 1) {
      harness.watcher.refresh();
      await harness.world.pass(1_000);
    }
    await harness.world.pass(25_000);
    expect(harness.askedAt).toEqual([5_000, 35_020]);
    harness.watcher.refresh();
    await harness.world.pass(20);
    expect(harness.askedAt).toEqual([5_000, 35_020, 36_000]);
  });

  it("leaves the stream alone, which a refresh reopens at once", async () => {
    const harness = new WatcherHarness();
    harness.world.server.interpose = overloaded("20");
    await harness.world.pass(70_000);
    const { askedAt, stream } = harness;
    harness.watcher.refresh();
    await harness.world.pass(100);
    expect(harness.stream).not.toBe(stream);
    expect(harness.reported.slice(-3)).toEqual([false, true, 1]);
    expect(harness.askedAt).toEqual(askedAt);
  });

  it("is short while the session is in doubt, even after a failure beside the stream", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.isInDoubt = true;
    harness.world.server.emit("changed", JSON.stringify(RECORD));
    harness.world.server.interpose = () => errorResponse("store_unavailable", 503);
    await harness.world.pass(12_000);
    expect(harness.failures).toMatchObject([{ retryInMs: 5_000 }, { retryInMs: 5_000 }]);
    harness.world.server.interpose = () => undefined;
    harness.isInDoubt = false;
    await harness.world.pass(60_000);
    expect(harness.askedAt).toHaveLength(3);
  });

  it("is short if the session came in doubt during a request, whose response may not know of it yet", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.watcher.refresh();
    harness.watcher.hurry();
    await harness.world.pass(6_000);
    expect(harness.askedAt).toEqual([1_000, 6_020]);
    await harness.world.pass(30_000);
    expect(harness.askedAt).toHaveLength(2);
  });
});
