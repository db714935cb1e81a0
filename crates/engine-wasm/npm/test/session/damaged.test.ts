/** Records that a server, a proxy or a cache has damaged. */
import { describe, expect, it } from "vitest";

import type { SessionRecord } from "../../src/index.js";
import { HttpWorld, RECORD } from "../world/http-world.js";

const DAMAGED: [string, object][] = [
  ["another seed", { seed: "other" }],
  ["another start", { start_at: "2026-11-23T12:00:04.000Z" }],
  ["other ticks", { tick_ms: 50 }],
  ["other rules", { rules: { ...RECORD.rules, break_interval: { min: 1, max: 3 } } }],
  ["no rules", { rules: null }],
  ["a break interval of null", { rules: { ...RECORD.rules, break_interval: null } }],
];

describe("a later version of a session with", () => {
  it.each(DAMAGED)("%s is ignored, and the next good one is taken", async (_, damage) => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(10_000);
    const { record } = session;
    const changes: unknown[] = [];
    session.on("changed", (changed) => changes.push(changed));
    world.server.emit("changed", JSON.stringify({ ...RECORD, revision: 2, ...damage }));
    await world.pass(1_000);
    expect(session.record).toEqual(record);
    expect(changes).toEqual([]);
    const stopped_at = new Date(world.now + 5_000).toISOString();
    world.server.emit("changed", JSON.stringify({ ...RECORD, revision: 3, stopped_at }));
    await world.pass(1_000);
    expect(session.stoppedAt).toBe(Date.parse(stopped_at));
    session.close();
  });

  it("the same instants in another spelling is taken", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(1_000);
    const respelt: SessionRecord = { ...RECORD, revision: 2, start_at: "2026-11-23T12:00:03Z" };
    world.server.emit("changed", JSON.stringify({ ...respelt, stopped_at: "2026-11-23T12:10:00Z" }));
    await world.pass(1_000);
    expect(session.stoppedAt).toBe(Date.parse("2026-11-23T12:10:00Z"));
    session.close();
  });
});
