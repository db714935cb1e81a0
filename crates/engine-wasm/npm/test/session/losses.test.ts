/** Changes that a server has lost in a crash, and versions of a session that only look as if it had. */
import { describe, expect, it } from "vitest";

import type { LiveSession, SessionRecord } from "../../src/index.js";
import { HttpWorld, json, NOON, RECORD } from "../world/http-world.js";

const NOTICE = { notice_ms: 15_000 };

/** Connects, hears of a pause, and lets the server lose it. */
async function lost(
  session: Partial<SessionRecord>,
  withStream: boolean,
): Promise<{ world: HttpWorld; live: LiveSession; before: SessionRecord }> {
  const world = new HttpWorld();
  const address = world.server.store(session);
  const before = world.server.records.get(RECORD.id) as SessionRecord;
  const { platform } = world;
  const live = await world.connect(address, {
    platform: withStream ? platform : { ...platform, EventSource: undefined },
  });
  await world.pass(1_000);
  world.server.change([[NOON + 120_000, 0]]);
  await world.pass(6_000);
  expect(live.record.revision).toBe(2);
  world.server.records.set(RECORD.id, before);
  return { world, live, before };
}

/** Returns how often the session was requested. */
function requestsIn(world: HttpWorld): number {
  return world.server.requestsTo(`/v1/sessions/${RECORD.id}`).length;
}

describe("a change that the server has lost", () => {
  it("is forgotten at the first promise that proves it, with a notice", async () => {
    const { world, live, before } = await lost(NOTICE, false);
    const changed: unknown[] = [];
    live.on("changed", (change) => changed.push(change));
    await world.pass(6_000);
    expect(live.record).toEqual(before);
    expect(live.isSettled).toBe(true);
    expect(changed).toEqual([expect.objectContaining({ at: NOON + 120_000, schedule: [], isLate: false })]);
    live.close();
  });

  it("is forgotten although the promise of the session that knew it reaches further", async () => {
    const { world, live } = await lost({ notice_ms: 600_000 }, false);
    await world.pass(6_000);
    expect(live.record.revision).toBe(1);
    expect(live.settledUntil).toBeLessThan(world.now + 600_000);
    live.close();
  });

  it("is forgotten without a notice once no cache can have kept the earlier version", async () => {
    const { world, live, before } = await lost({}, false);
    await world.pass(11_000);
    expect(live.record.revision).toBe(2);
    await world.pass(9_000);
    expect(live.record).toEqual(before);
    live.close();
  });

  it("may be a stop: the session runs on", async () => {
    const world = new HttpWorld();
    const live = await world.connect(world.server.store(NOTICE), {
      platform: { ...world.platform, EventSource: undefined },
    });
    const before = live.record;
    world.server.stop(NOON + 30_000);
    await world.pass(6_000);
    expect(live.stoppedAt).toBe(NOON + 30_000);
    world.server.records.set(RECORD.id, before);
    await world.pass(60_000);
    expect([live.stoppedAt, live.status]).toEqual([undefined, "running"]);
    live.close();
  });

  it.each([
    ["with a notice", NOTICE],
    ["without one", {}],
  ])(
    "is forgotten after a stream has come back with the session that lacks it, %s",
    async (_which, session) => {
      const { world, live, before } = await lost(session, true);
      for (const stream of world.server.streams) {
        stream.breakOff();
      }
      await world.pass(25_000);
      expect(live.isListening).toBe(true);
      expect(live.record).toEqual(before);
      const asked = world.server.requestsTo(`/v1/sessions/${RECORD.id}`).length;
      for (let count = 0; count < 5; count += 1) {
        world.server.settle(world.now + 15_000);
        await world.pass(5_000);
      }
      expect(world.server.requestsTo(`/v1/sessions/${RECORD.id}`)).toHaveLength(asked);
      live.close();
    },
  );
});

describe("an earlier version", () => {
  it("with an old promise is ignored: a cache has kept it", async () => {
    const { world, live, before } = await lost(NOTICE, false);
    const headers = { "tickseed-settled-until": new Date(NOON + 16_000).toISOString() };
    world.server.interpose = (path) => (path.endsWith("time") ? undefined : json(before, { headers }));
    await world.pass(120_000);
    expect(requestsIn(world)).toBeGreaterThan(20);
    expect(live.record.revision).toBe(2);
    live.close();
  });

  it("without a promise is ignored in a session with a notice", async () => {
    const { world, live } = await lost(NOTICE, false);
    world.server.promises = false;
    await world.pass(120_000);
    expect(requestsIn(world)).toBeGreaterThan(20);
    expect(live.record.revision).toBe(2);
    live.close();
  });

  it("that says it comes from a cache is ignored without a notice", async () => {
    const { world, live, before } = await lost({}, false);
    world.server.interpose = (path) =>
      path.endsWith("time") ? undefined : json(before, { headers: { age: "1" } });
    await world.pass(120_000);
    expect(requestsIn(world)).toBeGreaterThan(20);
    expect(live.record.revision).toBe(2);
    live.close();
  });

  it("that comes in turn with the known one is ignored: two caches differ", async () => {
    const { world, live, before } = await lost({}, false);
    const later = live.record;
    let count = 0;
    world.server.interpose = (path) => {
      if (path.endsWith("time")) {
        return undefined;
      }
      count += 1;
      return json(count % 2 === 0 ? before : later);
    };
    await world.pass(120_000);
    expect(requestsIn(world)).toBeGreaterThan(20);
    expect(live.record.revision).toBe(2);
    live.close();
  });
});

it("the latest entity tag counts when the status goes back to what it was", async () => {
  const world = new HttpWorld();
  const live = await world.connect();
  await world.pass(1_000);
  const tags: unknown[] = [live.etag];
  for (const status of ["paused", "running"] as const) {
    world.server.emit("session", JSON.stringify({ ...RECORD, status }));
    await world.pass(100);
    tags.push(live.etag);
  }
  expect(tags[1]).not.toBe(tags[0]);
  expect(tags[2]).toBe(tags[0]);
  live.close();
});
