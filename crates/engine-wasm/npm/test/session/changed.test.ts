/** Live sessions that pause, resume and get another rate. */
import { describe, expect, it } from "vitest";

import type { Changed, LiveSession } from "../../src/index.js";
import { Timeline } from "../../src/index.js";
import { scheduleChange } from "../world/http-server.js";
import { HttpWorld, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
import { range } from "./ticker-harness.js";

const START = NOON + 3_000;

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
    const nothing = { isLate: false, stepsTakenBack: 0, breaksTakenBack: [] };
    const first: Changed = { schedule: pause, at: START + 250, state, ...nothing };
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

  it("reports a change after its stop, and never as late", async () => {
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
    expect(session.draw(session.state().step, "loot").word()).toBe(
      new Timeline(RECORD).draw(4, "loot").word(),
    );
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
    expect(ticks).toEqual([10, 11]);
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
