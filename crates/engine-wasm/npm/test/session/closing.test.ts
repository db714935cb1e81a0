/** Listeners and callbacks that end what is calling them. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { HttpWorld, NOON, RECORD, scheduleChange } from "../world/http-world.js";

const START = NOON + 3_000;
const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};

beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(() => {
  process.off("unhandledRejection", note);
});

it("the first callback of `ahead` may end it, although several steps are due", async () => {
  const world = new HttpWorld();
  const session = await world.connect();
  await world.passUntil(START + 1_040);
  const told: number[] = [];
  const off = session.ahead(250, ({ step }) => {
    told.push(step);
    off();
  });
  await vi.dynamicImportSettled();
  await world.pass(1_000);
  expect(told).toEqual([11]);
  session.close();
});

it("a listener for `settled` may close the session when a change brings a new promise", async () => {
  const world = new HttpWorld();
  const options = { platform: { ...world.platform, EventSource: undefined } };
  const session = await world.connect(world.server.store({ notice_ms: 15_000 }), options);
  world.server.reach = "unreachable";
  await world.pass(40_000);
  expect(session.isSettled).toBe(false);
  const schedule = [scheduleChange([world.now + 14_000, 0])];
  world.server.store({ notice_ms: 15_000, revision: 2, schedule, requires: ["schedule"] });
  session.on("settled", ({ isSettled }) => {
    if (isSettled) {
      session.close();
    }
  });
  world.server.reach = "answers";
  await world.pass(30_000);
  // Node.js reports what nobody handled after the microtasks.
  await new Promise((resolve) => setImmediate(resolve));
  expect(session.isClosed).toBe(true);
  expect(unhandled).toEqual([]);
});

describe("a session that has become unsupported", () => {
  it("is closed when it says so", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const seen: unknown[] = [];
    session.on("unsupported", (error) => {
      seen.push(session.isClosed);
      expect(() => session.state()).toThrow(error);
      session.close();
    });
    const next = { ...RECORD, revision: 2, requires: ["future"] };
    world.server.records.set(RECORD.id, next);
    world.server.emit("changed", JSON.stringify(next));
    await world.pass(1_000);
    expect(seen).toEqual([true]);
  });
});
