/** How far the state of a live session is certain. */
import { describe, expect, it } from "vitest";

import type { Changed, SessionRecord } from "../../src/index.js";
import { entityTag } from "../world/entity-tag.js";
import { scheduleChange } from "../world/http-server.js";
import { HttpWorld, json, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";

const START = NOON + 3_000;
const NOTICE = { notice_ms: 15_000 };

const scheduled = (...changes: [at: number, tickMs: number][]) => changes.map(scheduleChange);

describe("what is settled", () => {
  it("reaches as far as the response says", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(NOTICE));
    expect(session.isSettled).toBe(true);
    expect(session.settledUntil).toBeGreaterThan(world.now + 14_000);
    expect(session.settledUntil).toBeLessThanOrEqual(world.now + 15_000);
    session.close();
    await world.pass(0);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("is nothing without a notice", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(10_000);
    expect([session.isSettled, session.settledUntil]).toEqual([false, undefined]);
    session.close();
  });

  it("is renewed by polls and by the stream", async () => {
    for (const EventSource of [undefined, "stream"]) {
      const world = new HttpWorld();
      const { platform } = world;
      const session = await world.connect(world.server.store(NOTICE), {
        platform: EventSource === undefined ? { ...platform, EventSource } : platform,
      });
      const turned: boolean[] = [];
      session.on("settled", ({ isSettled }) => turned.push(isSettled));
      for (let count = 0; count < 20; count += 1) {
        await world.pass(5_000);
        if (EventSource !== undefined) {
          world.server.settle(world.now + 15_000);
        }
        expect(session.isSettled).toBe(true);
      }
      expect(turned).toEqual([]);
      session.close();
    }
  });

  it("outlives a stream that dies silently: a change is still learned in time", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(NOTICE));
    await world.pass(1_000);
    // The proxy in front of a dead server keeps the stream open. Another server answers requests.
    world.server.emit = () => undefined;
    const turned: boolean[] = [];
    const changed: Changed[] = [];
    const changes: [at: number, tickMs: number][] = [];
    session.on("settled", ({ isSettled }) => turned.push(isSettled));
    session.on("changed", (change) => changed.push(change));
    for (let count = 1; count <= 5; count += 1) {
      await world.pass(500);
      changes.push([world.now + 16_000, count % 2 === 0 ? 100 : 0]);
      world.server.change(changes);
      await world.pass(20_000);
    }
    expect(changed.map(({ isLate }) => isLate)).toEqual([false, false, false, false, false]);
    expect(turned).toEqual([]);
    expect(session.isSettled).toBe(true);
    session.close();
  });

  it("ends without the server, is reported, and begins again with it", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(NOTICE));
    const { settledUntil = 0 } = session;
    const turned: unknown[] = [];
    session.on("settled", (settled) => turned.push({ ...settled, at: world.now }));
    world.server.reach = "unreachable";
    await world.passUntil(NOON + 60_000);
    expect(session.isSettled).toBe(false);
    expect(turned).toEqual([{ isSettled: false, settledUntil, at: expect.any(Number) }]);
    const [{ at }] = turned as [{ at: number }];
    expect(settledUntil - at).toBeGreaterThan(0);
    expect(settledUntil - at).toBeLessThan(100);
    world.server.reach = "answers";
    await world.pass(10_000);
    expect(turned).toHaveLength(2);
    expect(turned[1]).toMatchObject({ isSettled: true });
    session.close();
  });

  it("is not extended by a promise about another version of the session", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(NOTICE));
    await world.pass(1_000);
    const { settledUntil } = session;
    const stale = JSON.stringify(world.server.records.get(RECORD.id));
    world.server.promises = false;
    world.server.change([[NOON + 40_000, 0]]);
    await world.pass(100);
    expect(session.settledUntil, "still true: nothing changes before").toBe(settledUntil);
    const promise = { settled_until: new Date(NOON + 90_000).toISOString(), etag: entityTag(stale) };
    world.server.emit("settled", JSON.stringify(promise));
    await world.pass(100);
    expect(session.settledUntil).toBe(settledUntil);
    world.server.settle(NOON + 30_000);
    await world.pass(100);
    expect(session.settledUntil).toBe(NOON + 30_000);
    session.close();
  });

  it("is not extended by an old response from a cache", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(NOTICE), {
      platform: { ...world.platform, EventSource: undefined },
    });
    world.server.change([[NOON + 40_000, 0]]);
    await world.pass(6_000);
    expect(session.record.revision).toBe(2);
    const { settledUntil } = session;
    // This promise is older than the change, but ends a little later than the one that came with it.
    const promise = new Date((settledUntil ?? 0) + 200).toISOString();
    const headers = { age: "1", "tickseed-settled-until": promise };
    world.server.interpose = (path) =>
      path.endsWith("time") ? undefined : json({ ...RECORD, ...NOTICE }, { headers });
    await world.pass(6_000);
    expect(session.settledUntil).toBe(settledUntil);
    expect(session.record.revision).toBe(2);
    session.close();
  });

  it("is extended although the status has changed since, and with it the entity tag", async () => {
    const world = new HttpWorld();
    const schedule = scheduled([START + 250, 0]);
    const session = await world.connect(world.server.store({ ...NOTICE, schedule, requires: ["schedule"] }));
    await world.passUntil(START + 1_000);
    const running = world.server.records.get(RECORD.id) as SessionRecord;
    world.server.records.set(RECORD.id, { ...running, status: "paused" });
    const etags = [running, { ...running, status: "paused" }].map((one) => entityTag(JSON.stringify(one)));
    world.server.settle(NOON + 30_000);
    await world.pass(10_000);
    expect(session.etag, "learned by a poll, because the promise was about an unknown one").toBe(etags[1]);
    for (const [index, etag] of etags.entries()) {
      const settled_until = new Date(NOON + 60_000 + index).toISOString();
      world.server.emit("settled", JSON.stringify({ settled_until, etag }));
      await world.pass(100);
      expect(session.settledUntil).toBe(NOON + 60_000 + index);
    }
    session.close();
  });

  it("is put right if the server breaks its promise", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(NOTICE));
    const turned: unknown[] = [];
    session.on("settled", (settled) => turned.push(settled));
    await world.pass(1_000);
    world.server.change([[NOON + 5_000, 0]]);
    await world.pass(100);
    expect(session.settledUntil).toBeUndefined();
    expect(turned).toEqual([{ isSettled: false, settledUntil: undefined }]);
    session.close();
  });

  it("has no end once the session has stopped for good", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(NOTICE));
    await world.pass(1_000);
    world.server.stop(NOON + 30_000);
    await world.pass(3_600_000);
    expect(session.settledUntil).toBe(Number.POSITIVE_INFINITY);
    expect(session.isSettled).toBe(true);
    expect(world.leftovers).toMatchObject({ streams: 0, timers: 0 });
    session.close();
  });
});

it("the first requests bypass the browser's cache", async () => {
  const world = new HttpWorld();
  const session = await world.connect(world.server.store(NOTICE));
  expect(world.server.requestsTo(`/v1/sessions/${RECORD.id}`).map(({ init }) => init.cache)).toEqual([
    "no-cache",
  ]);
  expect(session.etag).toBe(entityTag(JSON.stringify(session.record)));
  session.close();
});
