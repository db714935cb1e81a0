/** Live sessions that pause, resume and get another rate. */
import { describe, expect, it } from "vitest";

import type { Changed, LiveSession, SessionRecord } from "../../src/index.js";
import { Timeline } from "../../src/index.js";
import { entityTag } from "../world/entity-tag.js";
import { scheduleChange } from "../world/http-server.js";
import { HttpWorld, json, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
import { range } from "./ticker-harness.js";

const START = NOON + 3_000;
const NOTICE = { notice_ms: 15_000 };

type Reported = number | string | Changed;

/** Records the events of a session: steps, statuses, stops and changes. */
function noted(session: LiveSession): Reported[] {
  const reported: Reported[] = [];
  session.on("tick", ({ step }) => reported.push(step));
  session.on("status", (status) => reported.push(status));
  session.on("stopped", ({ isLate, stepsTakenBack }) =>
    reported.push(isLate ? `late by ${stepsTakenBack}` : "at its stop"),
  );
  session.on("changed", (changed) => reported.push(changed));
  return reported;
}

const scheduled = (...changes: [at: number, tickMs: number][]) => changes.map(scheduleChange);

describe("a live session", () => {
  it("that has a schedule pauses and resumes on its tick", async () => {
    const world = new HttpWorld();
    const schedule = scheduled([START + 250, 0], [START + 5_000, 100]);
    const session = await world.connect(world.server.store({ schedule, requires: ["schedule"] }));
    const reported = noted(session);
    await world.passUntil(START + 3_000);
    expect(session.isPaused).toBe(true);
    expect(session.status).toBe("paused");
    expect(session.isStopped).toBe(false);
    expect(session.state()).toEqual(new Timeline(RECORD).state(2));
    await world.passUntil(START + 5_200);
    expect(session.status).toBe("running");
    expect(reported).toEqual([0, 1, 2, "paused", "running", 3, 4]);
    session.close();
  });

  it("hears of a pause in time, and of its end", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.pass(1_000);
    world.server.change([[START + 250, 0]]);
    await world.pass(100);
    const pause = scheduled([START + 250, 0]);
    const state = { step: 0, value: 0, round: 0, broken: false };
    const first: Changed = { schedule: pause, at: START + 250, state, isLate: false, stepsTakenBack: 0 };
    expect(reported).toEqual([first]);
    await world.passUntil(START + 1_000);
    world.server.change([
      [START + 250, 0],
      [START + 2_000, 100],
    ]);
    await world.passUntil(START + 2_100);
    const still = new Timeline(RECORD).state(2);
    const second = { ...first, schedule: session.record.schedule, at: START + 2_000, state: still };
    expect(reported).toEqual([first, 0, 1, 2, "paused", second, "running", 3]);
    session.close();
  });

  it("that learns of a pause late is set back, and reports no tick twice", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.passUntil(START + 1_050);
    world.server.backMs = 500;
    world.server.change([
      [START + 1_050, 0],
      [START + 2_000, 100],
    ]);
    await world.pass(500);
    expect(session.state().step).toBe(10);
    const changed = reported.at(-2);
    expect(changed).toMatchObject({ at: START + 1_050, isLate: true, stepsTakenBack: 5 });
    expect(changed).toMatchObject({ state: new Timeline(RECORD).state(10) });
    expect(reported.at(-1)).toBe("paused");
    await world.passUntil(START + 2_560);
    expect(reported).toEqual([...range(0, 15), changed, "paused", "running", 16]);
    session.close();
  });

  it("learns without a stream, at its next poll", async () => {
    const world = new HttpWorld();
    const session = await world.connect(undefined, {
      platform: { ...world.platform, EventSource: undefined },
    });
    const reported = noted(session);
    world.server.change([[START + 20_000, 50]]);
    await world.pass(6_000);
    expect(reported.filter((one) => typeof one === "object")).toMatchObject([{ at: START + 20_000 }]);
    await world.passUntil(START + 20_050);
    expect(session.state().step).toBe(201);
    session.close();
  });

  it("learns that a change was withdrawn: that differs from the instant of the change on", async () => {
    const world = new HttpWorld();
    const schedule = scheduled([START + 5_000, 0], [START + 9_000, 100]);
    const session = await world.connect(world.server.store({ schedule, requires: ["schedule"] }));
    const reported = noted(session);
    await world.pass(1_000);
    world.server.change([[START + 5_000, 0]]);
    await world.pass(100);
    world.server.change([]);
    await world.pass(100);
    expect(reported).toMatchObject([
      { at: START + 9_000, isLate: false },
      { at: START + 5_000, isLate: false, schedule: [] },
    ]);
    session.close();
  });

  it("is not told of a change again that the server repeats", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.pass(1_000);
    world.server.change([[START + 60_000, 0]]);
    await world.pass(100);
    for (const stream of world.server.streams) {
      stream.breakOff();
    }
    world.wake("woken");
    await world.pass(1_000);
    expect(reported.filter((one) => typeof one === "object")).toHaveLength(1);
    session.close();
  });

  it("is told of a change after its stop, which is never late", async () => {
    const world = new HttpWorld();
    const stopped_at = new Date(START + 250).toISOString();
    const session = await world.connect(world.server.store({ stopped_at }));
    const reported = noted(session);
    await world.passUntil(START + 500);
    world.server.change([[START + 300, 0]]);
    await world.pass(100);
    expect(reported.at(-1)).toMatchObject({ at: START + 300, isLate: false, stepsTakenBack: 0 });
    expect(reported.filter((one) => one === "at its stop")).toHaveLength(1);
    session.close();
  });

  it("reports its stop again if it learns late of a pause before it: the state differs", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.pass(1_000);
    world.server.stop(START + 1_000);
    await world.passUntil(START + 1_500);
    world.server.change([[START + 450, 0]]);
    await world.pass(100);
    expect(session.state().step).toBe(4);
    expect(reported.slice(11)).toEqual([
      "at its stop",
      "stopped",
      expect.objectContaining({ at: START + 450, isLate: true, stepsTakenBack: 6 }),
      "late by 6",
    ]);
    session.close();
  });

  it("keeps its draws and its breaks: they belong to steps", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 1_050);
    world.server.change([[START + 450, 0]]);
    await world.pass(100);
    expect(session.draw("loot").word()).toBe(new Timeline(RECORD).draw(4, "loot").word());
    session.close();
  });

  it.each([
    ["a change that cannot follow", { schedule: scheduled([START - 1, 0]) }],
    ["a change without an instant", { schedule: [{ paused: true }] }],
    ["no list", { schedule: 5 }],
  ])("ignores a damaged schedule: %s", async (_why, damaged) => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.pass(1_000);
    world.server.emit("changed", JSON.stringify({ ...RECORD, revision: 2, ...damaged }));
    await world.passUntil(START + 50);
    expect(session.record).toEqual(RECORD);
    expect(reported).toEqual([0]);
    session.close();
  });
});

describe("a session that this version of the package does not support", () => {
  const newer = { ...RECORD, revision: 2, requires: ["schedule", "loops"] };

  it("is refused when it is connected", async () => {
    const world = new HttpWorld();
    const connecting = world.connect(world.server.store(newer));
    await expect(connecting).rejects.toMatchObject({ code: "unknown_requirement", field: "requires" });
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it.each([newer, { ...newer, requires: [], engine_version: 2 }])(
    "is closed when it turns into one, and says why from then on: %j",
    async (record) => {
      const world = new HttpWorld();
      const session = await world.connect();
      const errors: unknown[] = [];
      session.on("unsupported", (error) => errors.push(error));
      await world.passUntil(START + 50);
      world.server.emit("changed", JSON.stringify(record));
      await world.pass(100);
      expect(session.isClosed).toBe(true);
      expect(errors).toEqual([
        expect.objectContaining({ name: "EngineError", code: expect.stringMatching(/require|version/) }),
      ]);
      expect(() => session.state()).toThrow(errors[0] as Error);
      expect(() => session.on("tick", () => undefined)).toThrow(errors[0] as Error);
      expect(session.record).toEqual(RECORD);
      expect(world.leftovers).toEqual(NOTHING_LEFT);
    },
  );
});

describe("what is settled", () => {
  it("reaches as far as the response says", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(NOTICE));
    expect(session.isSettled).toBe(true);
    expect(session.settledUntil).toBeGreaterThan(world.now + 14_000);
    expect(session.settledUntil).toBeLessThanOrEqual(world.now + 15_000);
    session.close();
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
    // Promised before the change, and yet a little further than what came with it.
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

describe("a listener of a live session", () => {
  it.each(["changed", "status", "settled", "unsupported"] as const)("for %s may close it", async (event) => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store({ notice_ms: 1_000 }));
    let reported = 0;
    session.on(event, () => {
      reported += 1;
      session.close();
    });
    await world.pass(1_000);
    world.server.change([[START + 250, 0]]);
    world.server.promises = false;
    await world.passUntil(START + 1_000);
    world.server.emit("changed", JSON.stringify({ ...RECORD, revision: 9, requires: ["loops"] }));
    await world.pass(60_000);
    expect(reported).toBe(1);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
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

describe("the current state", () => {
  it("is reported when it is set back, and from then on although no tick is reported twice", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 1_050);
    const [states, ticks]: [number[], number[]] = [[], []];
    session.on("state", (state) => {
      expect(state).toEqual(session.state());
      states.push(state.step);
    });
    session.on("tick", ({ step }) => ticks.push(step));
    world.server.change([
      [START + 450, 0],
      [START + 1_100, 100],
    ]);
    await world.passUntil(START + 1_800);
    expect(states).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    expect(ticks).toEqual([11]);
    session.close();
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("is the state before the start if a late stop sets the session back to that", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 50);
    const states: unknown[] = [];
    session.on("state", (state) => states.push(state));
    world.server.stop(START - 1);
    await world.pass(100);
    expect(states).toEqual([{ step: 0, value: 0, round: 0, broken: false }]);
    session.close();
  });
});

describe("a session that is closed", () => {
  it("keeps its status, and everything else that needs no time", async () => {
    const world = new HttpWorld();
    const session = await world.connect(
      world.server.store({ schedule: scheduled([START + 100, 0]), requires: ["schedule"] }),
    );
    await world.passUntil(START + 200);
    session.close();
    expect([session.status, session.isPaused, session.isStopped]).toEqual(["paused", true, false]);
    expect(session.etag).toMatch(/^"/);
  });
});

it("an event that does not exist is an error that names those that do", async () => {
  const world = new HttpWorld();
  const session = await world.connect();
  for (const name of ["tock", "toString"]) {
    expect(() => session.on(name as never, () => undefined)).toThrow(
      expect.objectContaining({
        code: "unknown_event",
        message: expect.stringMatching(`"${name}"; the events are tick, state, break, .*, unsupported$`),
      }),
    );
  }
  session.close();
});
