/** What the watcher finds out about promises and changes. */
import { describe, expect, it } from "vitest";

import { json, NOON, RECORD } from "../world/http-world.js";
import { WatcherHarness } from "./watcher-harness.js";

const WITHOUT_STREAM = { EventSource: undefined };

describe("a stream", () => {
  it("delivers changes, each with the entity tag of its session", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.world.server.change([[NOON + 60_000, 0]]);
    await harness.world.pass(1_000);
    expect(harness.reported).toEqual([true, 1, 2]);
    expect(harness.answers.map(({ record }) => record.schedule?.length)).toEqual([0, 1]);
    const [before, after] = harness.answers.map(({ etag }) => etag);
    expect(before).toMatch(/^"/);
    expect(after).toMatch(/^"/);
    expect(after).not.toBe(before);
  });

  it("delivers promises, and a promise about the session that is known needs no poll", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.world.server.settle(NOON + 16_000);
    await harness.world.pass(50_000);
    expect(harness.promises).toEqual([[harness.answers[0]?.etag, NOON + 16_000]]);
    expect(harness.askedAt).toEqual([]);
  });

  it("with a promise about another version makes the session poll once: the stream has not brought that version", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    for (let count = 0; count < 3; count += 1) {
      harness.world.server.emit("settled", '{"settled_until":"2026-11-23T12:00:16Z","etag":"\\"other\\""}');
      await harness.world.pass(1_000);
    }
    await harness.world.pass(30_000);
    expect(harness.askedAt).toEqual([6_010]);
  });

  it.each([
    "no JSON {",
    "null",
    '{"etag":"x"}',
    '{"settled_until":"soon","etag":"x"}',
    '{"settled_until":5}',
  ])("skips a damaged promise: %j", async (data) => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    harness.world.server.emit("settled", data);
    await harness.world.pass(30_000);
    expect(harness.promises).toEqual([]);
    expect(harness.askedAt).toEqual([]);
  });

  it("that was replaced delivers no more promises", async () => {
    const harness = new WatcherHarness();
    await harness.world.pass(1_000);
    const before = harness.stream;
    harness.watcher.refresh();
    before.readyState = 1;
    before.arrive("settled", '{"settled_until":"2026-11-23T12:00:16Z","etag":"x"}');
    expect(harness.promises).toEqual([]);
  });
});

describe("a response", () => {
  it("carries its entity tag and its promise", async () => {
    const harness = new WatcherHarness(WITHOUT_STREAM, undefined, { notice_ms: 15_000 });
    await harness.world.pass(6_000);
    expect(harness.answers).toEqual([
      {
        record: { ...RECORD, notice_ms: 15_000 },
        etag: expect.stringMatching(/^"/),
        settledUntil: NOON + 5_010 + 15_000,
        isFromCache: false,
      },
    ]);
  });

  it("without them has neither", async () => {
    const harness = new WatcherHarness(WITHOUT_STREAM);
    harness.world.server.interpose = () => json(RECORD);
    await harness.world.pass(6_000);
    expect(harness.answers).toMatchObject([{ etag: "", settledUntil: undefined }]);
  });

  it("has the same entity tag if a proxy has weakened it, and no promise if that is no instant", async () => {
    const harness = new WatcherHarness(WITHOUT_STREAM);
    const headers = { etag: 'W/"5f70"', "tickseed-settled-until": "tomorrow" };
    harness.world.server.interpose = () => json(RECORD, { headers });
    await harness.world.pass(6_000);
    expect(harness.answers).toMatchObject([{ etag: '"5f70"', settledUntil: undefined }]);
  });
});

describe("without a stream", () => {
  it.each([
    [0, [5_000, 10_020]],
    [60_000, [5_000, 10_020]],
    [15_000, [5_000, 10_020]],
    [6_000, [2_000, 4_020, 6_040, 8_060, 10_080]],
    [500, [1_000, 2_020, 3_040, 4_060, 5_080, 6_100, 7_120, 8_140, 9_160, 10_180]],
  ])(
    "a session with a notice of %i ms polls as often as a stream renews its promise",
    async (notice_ms, asked) => {
      const harness = new WatcherHarness(WITHOUT_STREAM, undefined, { notice_ms });
      await harness.world.pass(10_500);
      expect(harness.askedAt).toEqual(asked);
    },
  );
});

describe("beside a stream", () => {
  it.each([
    [0, [60_000]],
    [120_000, [60_000]],
    [15_000, [10_000, 20_040, 30_080, 40_120, 50_160, 60_200]],
    [500, [2_000, 4_040, 6_080, 8_120]],
  ])(
    "that brings no promise, a session with a notice of %i ms polls before its promise ends",
    async (notice_ms, asked) => {
      const harness = new WatcherHarness({}, undefined, { notice_ms });
      await harness.world.pass(20);
      await harness.world.pass((asked.at(-1) ?? 0) + 500);
      expect(harness.askedAt.map((at) => Math.round(at) - 20)).toEqual(asked);
    },
  );

  it("that renews the promise, a session never polls", async () => {
    const harness = new WatcherHarness({}, undefined, { notice_ms: 15_000 });
    for (let count = 0; count < 30; count += 1) {
      await harness.world.pass(5_000);
      harness.world.server.settle(harness.world.now + 15_000);
    }
    expect(harness.askedAt).toEqual([]);
    expect(harness.reported).toEqual([true, 1]);
  });

  it("that brings no promise although the server makes one, a session opens another stream", async () => {
    const harness = new WatcherHarness({}, undefined, { notice_ms: 15_000 });
    await harness.world.pass(1_000);
    const before = harness.stream;
    await harness.world.pass(10_000);
    expect(harness.stream).not.toBe(before);
    expect(harness.reported).toEqual([true, 1, 1, false, true, 1]);
  });

  it("that brings no promise because the server makes none, a session keeps the stream", async () => {
    const harness = new WatcherHarness(
      {},
      ({ server }) => {
        server.promises = false;
      },
      { notice_ms: 15_000 },
    );
    await harness.world.pass(1_000);
    const before = harness.stream;
    await harness.world.pass(60_000);
    expect(harness.stream).toBe(before);
  });

  it("a poll that fails is soon repeated", async () => {
    const harness = new WatcherHarness({}, undefined, { notice_ms: 15_000 });
    await harness.world.pass(20);
    harness.world.server.reach = "unreachable";
    await harness.world.pass(21_000);
    expect(harness.askedAt.map((at) => at - 20)).toEqual([10_000, 15_010, 20_020]);
  });

  it("a session whose promise has run out polls soon, and only once", async () => {
    const harness = new WatcherHarness({}, undefined, { notice_ms: 60_000 });
    await harness.world.pass(1_000);
    harness.watcher.hurry();
    await harness.world.pass(3_000);
    harness.watcher.hurry();
    await harness.world.pass(10_000);
    expect(harness.askedAt).toEqual([6_000]);
  });
});
