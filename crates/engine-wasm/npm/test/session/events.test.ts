import { afterEach, describe, expect, it, vi } from "vitest";

import type { Break, LiveSession, Stopped, Tick } from "../../src/index.js";
import { Timeline } from "../../src/index.js";
import { unhandledErrors } from "../unhandled.js";
import { HttpWorld, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
import { range } from "./ticker-harness.js";

const START = NOON + 3_000;
/** Breaks every one to three ticks. */
const BREAKING = { rules: { break_interval: { min: 1, max: 3 }, rounds_per_epoch: 2 } };

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("listeners can be added where there is no queueMicrotask", async () => {
  const world = new HttpWorld();
  const session = await world.connect();
  await world.passUntil(START + 1_000);
  vi.stubGlobal("queueMicrotask", undefined);
  const steps: number[] = [];
  session.on("tick", ({ step }) => steps.push(step));
  await world.pass(0);
  expect(steps).toEqual([10]);
  session.close();
});

/** Returns what a break has in common with the tick before it. */
function tickOf({ step, value, round, broken, at, behindMs }: Break): Tick {
  return { step, value, round, broken, at, behindMs };
}

/** Records all events of a session about its steps. */
function noted(session: LiveSession): unknown[] {
  const reported: unknown[] = [];
  session.on("tick", ({ step }) => reported.push(step));
  session.on("break", ({ step }) => reported.push(`break ${step}`));
  session.on("stopped", ({ isLate, stepsTakenBack }) =>
    reported.push(isLate ? `late by ${stepsTakenBack}` : "stopped"),
  );
  return reported;
}

describe("ticks and breaks of a live session", () => {
  it("carry the state of their step, each break after its tick", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(BREAKING));
    const ticks: Tick[] = [];
    const breaks: Break[] = [];
    session.on("tick", (tick) => ticks.push(tick));
    session.on("break", (happened) => {
      expect(ticks.at(-1)).toEqual(tickOf(happened));
      breaks.push(happened);
    });
    await world.passUntil(START + 5_050);
    const timeline = new Timeline({ ...RECORD, ...BREAKING });
    expect(ticks).toEqual(
      range(0, 50).map((step) => ({ ...timeline.state(step), at: START + 100 * step, behindMs: 0 })),
    );
    expect(breaks.map(tickOf)).toEqual(ticks.filter(({ broken }) => broken));
    expect(breaks.length).toBeGreaterThan(10);
    expect(breaks.map(({ ended }) => ended)).toEqual(breaks.map((_, round) => timeline.roundAt(round)));
    session.close();
  });

  it("come even if only breaks have a listener", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store(BREAKING));
    const breaks: number[] = [];
    session.on("break", ({ step }) => breaks.push(step));
    await world.passUntil(START + 2_050);
    const timeline = new Timeline({ ...RECORD, ...BREAKING });
    expect(breaks).toEqual(range(0, 20).filter((step) => timeline.value(step) === 0));
    session.close();
  });

  it("reach all listeners alike, except a removed one", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const [one, other]: number[][] = [[], []];
    session.on("tick", ({ step }) => one?.push(step));
    const off = session.on("tick", ({ step }) => {
      other?.push(step);
      if (step === 2) {
        off();
      }
    });
    await world.passUntil(START + 450);
    expect([one, other]).toEqual([range(0, 4), range(0, 2)]);
    session.close();
  });

  it("come at the right instants, however far the clock jumps forward", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.passUntil(START + 1_050);
    await world.sleep(10_000);
    await world.pass(3_000);
    expect(reported).toEqual([...range(0, 11), ...range(92, 140)]);
    session.close();
  });
});

describe("a listener of a live session", () => {
  it("may close it, after which no listener is called", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    session.on("tick", () => session.close());
    const reported = noted(session);
    await world.sleep(10_000);
    await world.pass(60_000);
    expect(session.isClosed).toBe(true);
    expect(reported).toEqual([]);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it.each(["tick", "break", "stopped", "sync", "listening", "expired"] as const)(
    "for %s may close it",
    async (event) => {
      const world = new HttpWorld();
      const session = await world.connect(world.server.store(BREAKING));
      let reported = 0;
      session.on(event, () => {
        reported += 1;
        session.close();
      });
      await world.passUntil(START + 2_000);
      world.server.stop(START + 3_000);
      await world.pass(5_000);
      world.server.emit("expired", "{}");
      await world.pass(60_000);
      expect(reported).toBe(1);
      expect(world.leftovers).toEqual(NOTHING_LEFT);
    },
  );

  it("may throw without effect on later events and other listeners", async () => {
    const errors = unhandledErrors();
    const world = new HttpWorld();
    const session = await world.connect();
    session.on("tick", () => {
      throw new Error("a bug of the game");
    });
    const reported = noted(session);
    await world.passUntil(START + 250);
    expect(reported).toEqual([0, 1, 2]);
    expect(errors.map(String)).toEqual(range(0, 2).map(() => "Error: a bug of the game"));
    session.close();
  });

  it("may add others, which are called from the next step on", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported: number[] = [];
    const off = session.on("tick", () => {
      session.on("tick", ({ step }) => reported.push(step));
      off();
    });
    await world.passUntil(START + 350);
    expect(reported).toEqual([1, 2, 3]);
    session.close();
  });
});

describe("the stop of a live session", () => {
  it("that is known in time takes effect on its tick", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    const stops: Stopped[] = [];
    session.on("stopped", (stop) => stops.push(stop));
    await world.pass(1_000);
    world.server.stop(START + 250);
    await world.passUntil(START + 249);
    expect(session.isStopped).toBe(false);
    await world.passUntil(START + 60_000);
    expect(reported).toEqual([0, 1, 2, "stopped"]);
    const state = new Timeline(RECORD).state(2);
    expect(stops).toEqual([
      { stoppedAt: START + 250, state, isLate: false, stepsTakenBack: 0, breaksTakenBack: [] },
    ]);
    expect(session.state()).toEqual(state);
    expect(session.isStopped).toBe(true);
    session.close();
  });

  it("that was set before connecting also comes on its tick", async () => {
    const world = new HttpWorld();
    const stopped_at = new Date(START + 250).toISOString();
    const session = await world.connect(world.server.store({ stopped_at }));
    const reported = noted(session);
    await world.passUntil(START + 60_000);
    expect(reported).toEqual([0, 1, 2, "stopped"]);
    session.close();
  });

  it("that was over before connecting is reported once to each new listener", async () => {
    const world = new HttpWorld();
    const address = world.server.store({ stopped_at: new Date(START + 250).toISOString() });
    await world.passUntil(START + 5_000);
    const session = await world.connect(address);
    expect(session.isStopped).toBe(true);
    expect(session.stoppedAt).toBe(START + 250);
    expect(session.state()).toEqual(new Timeline(RECORD).state(2));
    const stops: Stopped[] = [];
    session.on("stopped", (stop) => stops.push(stop));
    session.on("stopped", () => expect.unreachable("this one was taken back"))();
    expect(stops, "not before who listens has got its function").toEqual([]);
    await world.pass(60_000);
    const state = session.state();
    expect(stops).toEqual([
      { stoppedAt: START + 250, state, isLate: false, stepsTakenBack: 0, breaksTakenBack: [] },
    ]);
    session.on("stopped", () => expect.unreachable("it was closed"));
    session.close();
    await world.pass(1);
  });

  it("is not final because of a response that was requested before it", async () => {
    const world = new HttpWorld();
    const session = await world.connect(undefined, {
      platform: { ...world.platform, EventSource: undefined },
    });
    world.server.stop(START + 20_000);
    await world.passUntil(START + 19_000);
    // The response arrives late, and an earlier stop is set meanwhile.
    world.server.backMs = 4_000;
    await world.passUntil(START + 19_400);
    world.server.stop(START + 19_350);
    await world.passUntil(START + 24_500);
    world.server.backMs = 10;
    await world.passUntil(START + 90_000);
    expect(session.stoppedAt).toBe(START + 19_350);
    expect(session.state().step).toBe(193);
    session.close();
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("is ignored if it is not an instant", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 500);
    for (const stopped_at of ["1969-12-31T23:59:59.000Z", "2026", 5]) {
      world.server.emit("stopped", JSON.stringify({ ...RECORD, revision: 7, stopped_at }));
      await world.pass(100);
    }
    expect(session.stoppedAt).toBeUndefined();
    expect(session.isStopped).toBe(false);
    session.close();
  });

  it("ends all requests once the server has confirmed it", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    world.server.stop(START + 1_000);
    await world.passUntil(START + 90_000);
    const { length } = world.server.received;
    await world.pass(3_600_000);
    expect(world.server.received.length).toBe(length);
    expect(world.leftovers).toMatchObject({ streams: 0, timers: 0 });
    expect(session.state().step).toBe(10);
    session.close();
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("that is learned late sets the state back, and says by how many steps", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    const stops: Stopped[] = [];
    session.on("stopped", (stop) => stops.push(stop));
    await world.passUntil(START + 1_050);
    world.server.backMs = 500;
    world.server.stop(START + 1_050);
    await world.pass(499);
    expect(session.state().step).toBe(15);
    await world.pass(1);
    expect(session.state().step).toBe(10);
    await world.pass(60_000);
    expect(reported).toEqual([...range(0, 15), "late by 5"]);
    expect(stops).toEqual([
      {
        stoppedAt: START + 1_050,
        state: new Timeline(RECORD).state(10),
        isLate: true,
        stepsTakenBack: 5,
        breaksTakenBack: [],
      },
    ]);
    session.close();
  });

  it("that is learned late but within its step takes nothing back", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.passUntil(START + 1_010);
    world.server.stop(START + 1_010);
    await world.pass(5_000);
    expect(reported).toEqual([...range(0, 10), "late by 0"]);
    session.close();
  });

  it("that is learned at its very instant is not late", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.passUntil(START + 1_000);
    world.server.stop(START + 1_000 + world.server.backMs);
    await world.pass(5_000);
    expect(reported).toEqual([...range(0, 10), "stopped"]);
    session.close();
  });

  it("before the start, if learned late, sets the state back to that before the start", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.passUntil(START + 250);
    world.server.stop(START - 1_000);
    await world.pass(5_000);
    expect(reported).toEqual([0, 1, 2, "late by 2"]);
    expect(session.state()).toEqual({ step: 0, value: 0, round: 0, broken: false });
    session.close();
  });

  it("that an earlier one replaces takes effect once, at the earlier instant", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.pass(1_000);
    world.server.stop(START + 5_000);
    await world.passUntil(START + 50);
    world.server.stop(START + 250);
    await world.passUntil(START + 60_000);
    expect(reported).toEqual([0, 1, 2, "stopped"]);
    session.close();
  });

  it("that the server repeats is not reported again", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const reported = noted(session);
    await world.pass(1_000);
    world.server.stop(START + 250);
    await world.passUntil(START + 1_000);
    for (const stream of world.server.streams) {
      stream.breakOff();
    }
    world.wake("woken");
    await world.pass(60_000);
    expect(reported).toEqual([0, 1, 2, "stopped"]);
    session.close();
  });
});

it("waiting for a session far in the future takes few timers", async () => {
  const world = new HttpWorld();
  const start_at = new Date(NOON + 365 * 86_400_000).toISOString();
  const session = await world.connect(world.server.store({ start_at }));
  const reported = noted(session);
  await world.pass(3_600_000);
  expect(reported).toEqual([]);
  expect(world.delays.length).toBeLessThan(2_000);
  expect(Math.min(...world.delays)).toBeGreaterThan(0);
  session.close();
});
