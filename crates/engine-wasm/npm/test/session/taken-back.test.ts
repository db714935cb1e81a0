/** Breaks that a late change takes back, and breaks that are settled. */
import { describe, expect, it } from "vitest";

import type { Break, LiveSession, SessionRecord } from "../../src/index.js";
import { Timeline } from "../../src/index.js";
import { HttpWorld, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
import { range } from "./ticker-harness.js";

const START = NOON + 3_000;
/** Breaks on every fifth step: 4, 9, 14 ... */
const BREAKING = { rules: { break_interval: { min: 4, max: 4 }, rounds_per_epoch: 2 } };

/** Records what a session reports of its breaks. */
function noted(session: LiveSession): string[] {
  const reported: string[] = [];
  const at = (happened: Break): string => `${happened.step} at ${happened.at - START}`;
  session.on("break", (happened) => reported.push(at(happened)));
  session.on("breakSettled", (happened) => reported.push(`${at(happened)} is settled`));
  const takeBack = (name: string, breaks: readonly Break[]): void => {
    reported.push(`${name}: not ${breaks.map(at).join(", ") || "any"}`);
  };
  session.on("changed", ({ breaksTakenBack }) => takeBack("changed", breaksTakenBack));
  session.on("stopped", ({ breaksTakenBack }) => takeBack("stopped", breaksTakenBack));
  return reported;
}

async function connected(record: Partial<SessionRecord> = {}): Promise<[HttpWorld, LiveSession, string[]]> {
  const world = new HttpWorld();
  const session = await world.connect(world.server.store({ ...BREAKING, ...record }));
  return [world, session, noted(session)];
}

describe("a change that is learned late", () => {
  it("takes back the breaks that have not happened after all, and they come again when they do", async () => {
    const [world, session, reported] = await connected();
    await world.passUntil(START + 1_650);
    world.server.change([
      [START + 750, 0],
      [START + 2_000, 100],
    ]);
    await world.passUntil(START + 2_900);
    expect(reported).toEqual([
      "4 at 400",
      "9 at 900",
      "14 at 1400",
      "changed: not 9 at 900, 14 at 1400",
      "9 at 2150",
      "14 at 2650",
    ]);
    session.close();
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("takes no break back on whose step the session now stands still", async () => {
    const [world, session, reported] = await connected();
    await world.passUntil(START + 1_650);
    world.server.change([[START + 1_400, 0]]);
    await world.pass(100);
    expect(reported.slice(3)).toEqual(["changed: not any"]);
    world.server.change([[START + 1_399, 0]]);
    await world.pass(100);
    expect(reported.slice(4)).toEqual(["changed: not 14 at 1400"]);
    session.close();
  });

  it("takes no break back that it only moves to another instant in the past", async () => {
    const [world, session, reported] = await connected();
    await world.passUntil(START + 1_650);
    world.server.change([
      [START + 350, 0],
      [START + 650, 100],
    ]);
    await world.passUntil(START + 1_900);
    expect(reported).toEqual(["4 at 400", "9 at 900", "14 at 1400", "changed: not 14 at 1400", "14 at 1700"]);
    world.server.stop(START + 2_000);
    await world.pass(90_000);
    expect(reported.slice(-4)).toEqual([
      "stopped: not any",
      "4 at 700 is settled",
      "9 at 1200 is settled",
      "14 at 1700 is settled",
    ]);
    session.close();
  });

  it("that adds steps adds their breaks, which come late", async () => {
    const [world, session] = await connected();
    const breaks: Break[] = [];
    session.on("break", (happened) => breaks.push(happened));
    await world.passUntil(START + 1_250);
    world.server.change([[START + 1_000, 10]]);
    await world.passUntil(START + 1_260);
    expect(breaks.map(({ step }) => step)).toEqual([4, 9, 14, 19, 24, 29, 34]);
    expect(breaks.map(({ behindMs }) => behindMs)).toEqual([0, 0, 220, 170, 120, 70, 20]);
    session.close();
  });
});

describe("a stop that is learned late", () => {
  it("takes back the breaks after it, and what is left is settled once it is final", async () => {
    const [world, session, reported] = await connected();
    await world.passUntil(START + 1_650);
    world.server.stop(START + 750);
    await world.pass(100);
    expect(reported.slice(3)).toEqual(["stopped: not 9 at 900, 14 at 1400"]);
    await world.pass(90_000);
    expect(reported.slice(4)).toEqual(["4 at 400 is settled"]);
    expect(session.settledUntil, "there is still no promise").toBeUndefined();
    session.close();
  });

  it("names each break once, if a change of the schedule is learned with it", async () => {
    const [world, session, reported] = await connected();
    await world.passUntil(START + 1_650);
    const stopped_at = new Date(START + 1_200).toISOString();
    const schedule = [{ at: new Date(START + 750).toISOString(), paused: true as const }];
    const changed = { ...RECORD, ...BREAKING, stopped_at, schedule, requires: ["schedule"], revision: 2 };
    world.server.records.set(RECORD.id, changed);
    world.server.emit("changed", JSON.stringify(changed));
    await world.pass(100);
    expect(reported.slice(3)).toEqual(["changed: not 9 at 900, 14 at 1400", "stopped: not any"]);
    session.close();
  });
});

describe("a break", () => {
  it("is settled with a notice as soon as it happens", async () => {
    const [world, session, reported] = await connected({ notice_ms: 15_000 });
    await world.passUntil(START + 1_050);
    expect(reported).toEqual(["4 at 400", "4 at 400 is settled", "9 at 900", "9 at 900 is settled"]);
    session.close();
  });

  it("says itself whether it is settled", async () => {
    for (const notice_ms of [0, 15_000]) {
      const [world, session] = await connected({ notice_ms });
      const settled: unknown[] = [];
      session.on("break", ({ isSettled }) => settled.push(isSettled));
      session.on("breakSettled", ({ isSettled }) => settled.push(isSettled));
      await world.passUntil(START + 750);
      expect(settled).toEqual(notice_ms > 0 ? [true, true] : [false]);
      session.close();
    }
  });

  it("is settled later if the promise is", async () => {
    const [world, session, reported] = await connected({ notice_ms: 1_000 });
    world.server.reach = "unreachable";
    for (const stream of world.server.streams) {
      stream.breakOff();
    }
    await world.passUntil(START + 1_050);
    expect(reported).toEqual(["4 at 400", "9 at 900"]);
    world.server.reach = "answers";
    await world.passUntil(START + 4_700);
    const settled = reported.filter((one) => one.includes("settled"));
    expect(settled.slice(0, 2)).toEqual(["4 at 400 is settled", "9 at 900 is settled"]);
    session.close();
  });

  it("is settled by a promise on the stream", async () => {
    const [world, session, reported] = await connected({ notice_ms: 1_000 });
    world.server.promises = false;
    await world.passUntil(START + 1_050);
    expect(reported).toEqual(["4 at 400", "9 at 900"]);
    world.server.settle(START + 900);
    await world.passUntil(START + 1_100);
    expect(reported.slice(2), "not the one at that very instant").toEqual(["4 at 400 is settled"]);
    world.server.settle(START + 901);
    await world.passUntil(START + 1_150);
    expect(reported.slice(3)).toEqual(["9 at 900 is settled"]);
    session.close();
  });

  it("that is settled is neither taken back nor repeated, even if the server breaks its promise", async () => {
    const [world, session, reported] = await connected({ notice_ms: 15_000 });
    await world.passUntil(START + 1_050);
    world.server.change([
      [START + 250, 0],
      [START + 2_000, 100],
    ]);
    world.server.promises = false;
    await world.passUntil(START + 3_350);
    expect(reported.slice(4)).toEqual(["changed: not any", "14 at 3150"]);
    session.close();
  });

  it("may have its only listener in `breakSettled`", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store({ ...BREAKING, notice_ms: 15_000 }));
    const steps: number[] = [];
    session.on("breakSettled", ({ step }) => steps.push(step));
    await world.passUntil(START + 2_050);
    expect(steps).toEqual([4, 9, 14, 19]);
    session.close();
  });

  it("with more than 1,000 unsettled ones after it is forgotten: neither taken back, nor settled, nor repeated", async () => {
    const [world, session, reported] = await connected({ tick_ms: 10 });
    await world.passUntil(START + 51_005);
    expect(reported).toHaveLength(1_020);
    world.server.change([
      [START + 55, 0],
      [START + 51_100, 10],
    ]);
    await world.pass(50);
    const taken = range(21, 1_020).map((count) => `${5 * count - 1} at ${50 * count - 10}`);
    expect(reported.at(-1)).toBe(`changed: not ${taken.join(", ")}`);
    const { length } = reported;
    await world.pass(2_000);
    expect(reported.slice(length, length + 2)).toEqual(["104 at 52085", "109 at 52135"]);
    session.close();
  });

  it.each(["break", "breakSettled", "changed"] as const)(
    "may have a listener that closes the session: %s",
    async (event) => {
      const [world, session, reported] = await connected({ notice_ms: 15_000 });
      session.on(event, () => session.close());
      await world.passUntil(START + 550);
      world.server.change([[START + 60_000, 0]]);
      await world.pass(1_000);
      expect(session.isClosed).toBe(true);
      expect(reported).toEqual(
        {
          break: ["4 at 400"],
          breakSettled: ["4 at 400", "4 at 400 is settled"],
          changed: ["4 at 400", "4 at 400 is settled", "changed: not any"],
        }[event],
      );
      expect(world.leftovers).toEqual(NOTHING_LEFT);
    },
  );
});

describe("the first listener for ticks", () => {
  it("gets the current step, in a microtask, as do others that are added with it", async () => {
    const [world, session] = await connected();
    await world.passUntil(START + 1_050);
    const steps: unknown[] = [];
    const off = session.on("tick", () => expect.unreachable("it is removed"));
    session.on("tick", (tick) => steps.push(tick));
    session.on("tick", ({ step }) => steps.push(step));
    session.on("state", () => undefined);
    off();
    expect(steps).toEqual([]);
    await Promise.resolve();
    const state = new Timeline({ ...RECORD, ...BREAKING }).state(10);
    expect(steps).toEqual([{ ...state, at: START + 1_000, behindMs: 50 }, 10]);
    session.on("tick", ({ step }) => steps.push(`later ${step}`));
    await world.pass(50);
    expect(steps.slice(2)).toEqual([expect.objectContaining({ step: 11 }), 11, "later 11"]);
    session.close();
  });

  it("gets the last step after a stop, and nothing before the start", async () => {
    const [world, session] = await connected();
    const steps: number[] = [];
    const off = session.on("tick", ({ step }) => steps.push(step));
    await world.pass(1_000);
    expect(steps).toEqual([]);
    off();
    world.server.stop(START + 250);
    await world.passUntil(START + 60_000);
    session.on("tick", ({ step }) => steps.push(step));
    await world.pass(60_000);
    expect(steps).toEqual([2]);
    session.close();
  });

  it("gets the current step of a paused session without any event for its status", async () => {
    const schedule = [{ at: new Date(START + 250).toISOString(), paused: true as const }];
    const [world, session] = await connected({ schedule, requires: ["schedule"] });
    await world.passUntil(START + 5_000);
    const reported: unknown[] = [];
    session.on("status", (status) => reported.push(status));
    session.on("tick", ({ step }) => reported.push(step));
    await world.pass(1_000);
    expect(reported).toEqual([2]);
    session.close();
  });

  it("gets nothing once the session is closed", async () => {
    const [world, session] = await connected();
    await world.passUntil(START + 1_050);
    session.on("tick", () => expect.unreachable("it was closed"));
    session.close();
    await world.pass(1_000);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });
});

describe("a listener that is not a function", () => {
  it.each([undefined, null, {}, "tick"])("is an error at once: %j", async (listener) => {
    const [, session] = await connected();
    for (const { on } of [session, session.clock].map((source) => ({
      on: source.on.bind(source) as (...a: unknown[]) => void,
    }))) {
      expect(() => on("sync", listener)).toThrow(
        expect.objectContaining({
          name: "SessionError",
          code: "not_a_function",
          message: expect.stringContaining("the listener for sync must be a function, got "),
        }),
      );
    }
    session.close();
  });
});

it("an event that a clock does not have is an error that names those that it has", async () => {
  const [, session] = await connected();
  expect(() => session.clock.on("tick" as never, () => undefined)).toThrow(
    expect.objectContaining({
      code: "unknown_event",
      message: 'there is no event "tick"; the events are sync, synced, error, closed',
    }),
  );
  session.close();
});
