import { describe, expect, it } from "vitest";

import { EngineError, SessionError, Timeline } from "../../src/index.js";
import { ADDRESS, HttpWorld, json, NOON, RECORD } from "../world/http-world.js";

const START = NOON + 3_000;

const closed = expect.objectContaining({ name: "SessionError", code: "closed" });

describe("the state of a live session", () => {
  it("is that of the timeline at the server's time, however wrong the machine's clock is", async () => {
    const world = new HttpWorld({ wallAheadMs: -5 * 3_600_000 });
    world.server.aheadMs = 250_000;
    const session = await world.connect();
    const timeline = new Timeline(RECORD);
    for (let count = 0; count < 50; count += 1) {
      await world.pass(977);
      expect(session.state()).toEqual(timeline.stateAt(Math.floor(world.server.now)));
    }
    session.close();
  });

  it("is step 0, value 0 before the start", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    expect(session.state()).toEqual({ step: 0, value: 0, round: 0, broken: false });
    session.close();
  });

  it("can be that of either step near a boundary, and is unique elsewhere", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 1_095);
    const { errorMs } = session.clock;
    expect(errorMs).toBeGreaterThan(5);
    expect(errorMs).toBeLessThan(50);
    const { earliest, latest } = session.stateRange();
    expect([earliest.step, latest.step]).toEqual([10, 11]);
    await world.pass(55);
    expect(session.stateRange()).toEqual({ earliest: session.state(), latest: session.state() });
    session.close();
  });

  it("range begins before the start as long as that is possible", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 5);
    expect(session.stateRange().earliest.value).toBe(0);
    expect(session.stateRange().latest.value).toBe(1);
    session.close();
  });

  it("keeps running offline", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(60_000);
    world.server.reach = "unreachable";
    await world.passUntil(START + 600_050);
    expect(session.state().step).toBe(6_000);
    expect(session.clock.synced).toBe(false);
    session.close();
  });
});

describe("the draw of a live session", () => {
  it("is that of the timeline", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const timeline = new Timeline(RECORD);
    await world.passUntil(START + 4_250);
    expect(session.draw(session.state().step, "loot").word()).toBe(timeline.draw(42, "loot").word());
    expect(session.timeline.draw(7, "loot").word()).toBe(timeline.draw(7, "loot").word());
    session.close();
  });

  it("rejects a channel like the timeline does", async () => {
    const session = await new HttpWorld().connect();
    expect(() => session.draw(0, "")).toThrow(EngineError);
    session.close();
  });
});

describe("a closed live session", () => {
  it("throws an error that says so", async () => {
    const session = await new HttpWorld().connect();
    session.close();
    for (const use of [
      () => session.state(),
      () => session.stateRange(),
      () => session.draw(0, "loot"),
      () => session.timeline,
      () => session.on("tick", () => undefined),
    ]) {
      expect(use).toThrow(closed);
      expect(use).toThrow(SessionError);
    }
    expect(session.isClosed).toBe(true);
  });

  it("still gives its last known fields", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store({ stopped_at: new Date(START).toISOString() }));
    session.close();
    expect(session.record.id).toBe(RECORD.id);
    expect(session.stoppedAt).toBe(START);
    expect(session.isStopped).toBe(false);
    expect(session.clock.now).toBeCloseTo(world.now, 0);
  });

  it("can be closed again", async () => {
    const session = await new HttpWorld().connect();
    session.close();
    expect(() => session.close()).not.toThrow();
  });

  it("can be closed by `using`, and by the signal of `connect`", async () => {
    const world = new HttpWorld();
    let left: { readonly isClosed: boolean };
    {
      using session = await world.connect();
      left = session;
      expect(left.isClosed).toBe(false);
    }
    expect(left.isClosed).toBe(true);
    const player = new AbortController();
    const session = await world.connect(undefined, { signal: player.signal });
    expect(session.isClosed).toBe(false);
    player.abort();
    expect(session.isClosed).toBe(true);
  });
});

describe("a live session", () => {
  it("takes a new record unless it is older, as from a cache", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store({ revision: 3 }));
    await world.pass(1_000);
    const stopped_at = new Date(START + 1_000).toISOString();
    world.server.emit("stopped", JSON.stringify({ ...RECORD, revision: 2, stopped_at }));
    await world.pass(1_000);
    expect(session.record.revision).toBe(3);
    expect(session.stoppedAt).toBeUndefined();
    world.server.emit("stopped", JSON.stringify({ ...RECORD, revision: 4, stopped_at }));
    await world.pass(1_000);
    expect(session.record.revision).toBe(4);
    expect(session.stoppedAt).toBe(START + 1_000);
    session.close();
  });

  it("takes another record of the same revision: the server has lost the first", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store());
    await world.pass(1_000);
    for (const stopped_at of [START + 60_000, START + 30_000].map((at) => new Date(at).toISOString())) {
      world.server.emit("stopped", JSON.stringify({ ...RECORD, revision: 2, stopped_at }));
      await world.pass(1_000);
      expect(session.record.stopped_at).toBe(stopped_at);
    }
    session.close();
  });

  it("takes an earlier record that the server sends again on its stream: it has lost changes", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store());
    await world.pass(1_000);
    world.server.stop(START + 60_000);
    await world.pass(1_000);
    world.server.store();
    world.server.emit("session", JSON.stringify(RECORD));
    await world.pass(1_000);
    expect(session.record.revision).toBe(1);
    expect(session.stoppedAt).toBeUndefined();
    session.close();
  });

  it("ignores an earlier record at the beginning of a stream: that server may not have heard of the stop", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store());
    await world.pass(1_000);
    world.server.stop(START + 60_000);
    await world.pass(1_000);
    world.server.store();
    for (const stream of world.server.streams) {
      stream.breakOff();
    }
    await world.pass(4_000);
    expect(session.isListening).toBe(true);
    expect(session.stoppedAt).toBe(START + 60_000);
    session.close();
  });

  it("ignores records of other sessions", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(1_000);
    const other = { ...RECORD, id: "sess_another", revision: 9, stopped_at: RECORD.start_at };
    world.server.emit("stopped", JSON.stringify(other));
    await world.pass(1_000);
    expect(session.record.id).toBe(RECORD.id);
    expect(session.stoppedAt).toBeUndefined();
    session.close();
  });

  it("keeps running after the server has dropped it", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    let expired = 0;
    session.on("expired", () => {
      expired += 1;
    });
    await world.pass(1_000);
    world.server.emit("expired", JSON.stringify({ id: RECORD.id }));
    await world.passUntil(START + 1_050);
    expect(expired).toBe(1);
    expect(session.isExpired).toBe(true);
    expect(session.isListening).toBe(false);
    expect(session.state().step).toBe(10);
    session.close();
  });

  it("reports whether the event stream is open", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported: boolean[] = [];
    session.on("listening", (isListening) => reported.push(isListening));
    await world.pass(1_000);
    expect(session.isListening).toBe(true);
    for (const stream of world.server.streams) {
      stream.breakOff();
    }
    expect(session.isListening).toBe(false);
    await world.pass(5_000);
    expect(reported).toEqual([true, false, true]);
    session.close();
  });

  it("reports each comparison of its clock, with the reading", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported: unknown[] = [];
    session.on("sync", (reading) => reported.push(reading));
    await world.pass(30_000);
    expect(reported.length).toBeGreaterThan(2);
    for (const reading of reported) {
      expect(reading).toMatchObject({ synced: true });
    }
    session.close();
  });
});

describe("wake events", () => {
  it("trigger due ticks and a refresh at once", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const steps: number[] = [];
    session.on("tick", ({ step }) => steps.push(step));
    await world.passUntil(START + 50);
    const before = world.server.requestsTo(new URL(`${ADDRESS}/v1/sessions/${RECORD.id}`).pathname).length;
    world.agenda.spend(1_000);
    world.wake("woken");
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await world.pass(100);
    expect(world.server.requestsTo(`/v1/sessions/${RECORD.id}`)).toHaveLength(before + 1);
    session.close();
  });

  it("do not trigger a request while the stream is open, if the page is only shown again", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(1_000);
    const before = world.server.requestsTo(`/v1/sessions/${RECORD.id}`).length;
    world.wake("back");
    await world.pass(1_000);
    expect(world.server.requestsTo(`/v1/sessions/${RECORD.id}`)).toHaveLength(before);
    session.close();
  });

  it("are not needed after an outage: the first response triggers a refresh, because the stream may have died", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(60_000);
    world.server.reach = "unreachable";
    world.server.streams.clear();
    await world.pass(90_000);
    world.server.stop(world.now);
    world.server.reach = "answers";
    const asked = world.server.requestsTo(`/v1/sessions/${RECORD.id}`).length;
    let synced = 0;
    session.on("sync", () => {
      synced += 1;
    });
    while (synced === 0) {
      await world.pass(10);
    }
    await world.pass(50);
    expect(world.server.requestsTo(`/v1/sessions/${RECORD.id}`).length).toBeGreaterThan(asked);
    expect(session.isStopped).toBe(true);
    session.close();
  });

  it("after an outage lead to a stop that was missed", async () => {
    const world = new HttpWorld();
    const session = await world.connect(undefined, {
      platform: { ...world.platform, EventSource: undefined },
    });
    const reported: unknown[] = [];
    session.on("stopped", ({ isLate, stepsTakenBack }) => reported.push([isLate, stepsTakenBack]));
    await world.passUntil(START + 50);
    world.server.reach = "unreachable";
    await world.pass(1_000);
    world.server.stop(START + 1_500);
    await world.passUntil(START + 20_050);
    world.server.reach = "answers";
    world.wake("back");
    await world.pass(200);
    expect(reported).toEqual([[true, 185]]);
    session.close();
  });
});

it("a damaged record is ignored", async () => {
  const world = new HttpWorld();
  const session = await world.connect(undefined, { platform: { ...world.platform, EventSource: undefined } });
  world.server.interpose = (path) =>
    path.endsWith("time") ? undefined : json({ ...RECORD, revision: 2, stopped_at: "soon" });
  await world.pass(10_000);
  expect(session.record.revision).toBe(1);
  session.close();
});
