import { afterEach, describe, expect, it, vi } from "vitest";

import type { AheadOptions, AudioClock, ComingStep, LiveSession } from "../../src/index.js";
import { HttpWorld, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";

const START = NOON + 3_000;
const AHEAD_MS = 250;

/** What a program was told of coming steps, and when by the server's clock. */
interface Told {
  readonly step: ComingStep;
  readonly toldAt: number;
}

/** Listens to coming steps. The code for it is loaded when this returns. */
async function listen(world: HttpWorld, session: LiveSession, options: AheadOptions = {}, ms = AHEAD_MS) {
  const told: Told[] = [];
  const withdrawn: number[] = [];
  const off = session.ahead(
    ms,
    (step) => {
      told.push({ step, toldAt: world.server.now });
      return () => withdrawn.push(step.step);
    },
    options,
  );
  await vi.dynamicImportSettled();
  return { told, withdrawn, off, steps: () => told.map(({ step }) => step.step) };
}

/** Returns the integers from `first` to `last`. */
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

afterEach(() => vi.restoreAllMocks());

describe("coming steps", () => {
  it("are each told once, in order, as long ahead as was asked for", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { told, steps, withdrawn } = await listen(world, session);
    await world.passUntil(START + 20_000);
    expect(steps()).toEqual(range(0, 202));
    for (const { step, toldAt } of told) {
      expect(step).toMatchObject(session.timeline.state(step.step));
      expect(step.at).toBe(session.timeline.timeOf(step.step));
      expect(Math.abs(step.at - toldAt - AHEAD_MS)).toBeLessThan(2);
      expect(step.audioAt).toBeUndefined();
    }
    expect(told.filter(({ step }) => step.broken)).toHaveLength(session.round().round);
    expect(withdrawn).toEqual([]);
    session.close();
  });

  it("begin on `performance.now()` when they are due, even on a machine whose clocks are wrong", async () => {
    const world = new HttpWorld({ ppm: 80, wallAheadMs: -7_200_000 });
    world.server.aheadMs = 123_456;
    const session = await world.connect();
    const { told } = await listen(world, session);
    await world.pass(40_000);
    expect(told.length).toBeGreaterThan(300);
    for (const { step, toldAt } of told) {
      const inMs = step.at - toldAt;
      const atTelling = world.machine.monotonicMs() - (world.server.now - toldAt);
      // The error of the clock is at most half the round trip of 20 ms; its drift since then is far below 2 ms.
      expect(Math.abs(step.performanceAt - atTelling - inMs)).toBeLessThan(12 + 40_000 * 1e-4);
    }
    session.close();
  });

  it("are told at once if they are nearer than that, and left out if they have begun", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 1_040);
    const { steps } = await listen(world, session);
    expect(steps()).toEqual([11, 12]);
    await world.sleep(5_000);
    await world.pass(1_000);
    // Until the server has answered, the clock does not know how long the machine slept.
    const after = steps().filter((step) => step >= 20);
    expect(after[0]).toBeGreaterThanOrEqual(60);
    expect(after.at(-1)).toBeGreaterThanOrEqual(72);
    expect(after).toEqual(range(after[0] ?? 0, after.at(-1) ?? 0));
    session.close();
  });

  it("are not told any more once nobody wants them, and those that have not begun are withdrawn", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { steps, withdrawn, off } = await listen(world, session);
    await world.passUntil(START + 960);
    off();
    off();
    expect(withdrawn).toEqual([10, 11, 12]);
    const before = steps();
    await world.pass(1_000);
    expect(steps()).toEqual(before);
    session.close();
    expect(withdrawn).toEqual([10, 11, 12]);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("end with the session", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { withdrawn } = await listen(world, session);
    await world.passUntil(START + 960);
    session.close();
    expect(withdrawn).toEqual([10, 11, 12]);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
    expect(() => session.ahead(100, () => undefined)).toThrow(expect.objectContaining({ code: "closed" }));
  });

  it("are not told if that was ended while its code was loading", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const told = vi.fn();
    session.ahead(5_000, told)();
    await vi.dynamicImportSettled();
    await world.pass(5_000);
    expect(told).not.toHaveBeenCalled();
    session.close();
  });

  it("can be told to several, who can end it and close the session in the callback", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { steps } = await listen(world, session);
    const undo = vi.fn();
    const seen: number[] = [];
    const off = session.ahead(AHEAD_MS, ({ step }) => {
      seen.push(step);
      if (step === 5) {
        off();
      }
      return undo;
    });
    session.ahead(AHEAD_MS, ({ step }) => {
      if (step === 9) {
        session.close();
      }
    });
    await world.pass(10_000);
    expect(seen).toEqual(range(0, 5));
    // Steps 3 to 5 had not begun when step 5 was told.
    expect(undo).toHaveBeenCalledTimes(3);
    expect(steps().at(-1)).toBe(9);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it.each([-1, 60_001, Number.NaN, undefined, "200"])("cannot be told %s ms ahead", async (ms) => {
    const session = await new HttpWorld().connect();
    expect(() => session.ahead(ms as number, () => undefined)).toThrow(
      `ms must be from 0 to 60000, got ${ms}`,
    );
    session.close();
  });

  it("are told to the others if a callback throws", async () => {
    const world = new HttpWorld();
    const thrown: unknown[] = [];
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((run) => {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    });
    const session = await world.connect();
    const { steps } = await listen(world, session);
    session.ahead(AHEAD_MS, ({ step }) => {
      throw new Error(`at ${step}`);
    });
    await vi.dynamicImportSettled();
    await world.passUntil(START + 100);
    expect(steps()).toEqual([0, 1, 2, 3]);
    expect(thrown).toHaveLength(4);
    session.close();
  });
});

describe("coming steps are withdrawn", () => {
  it("by a stop, from the first one that does not begin", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { steps, withdrawn } = await listen(world, session, {}, 1_000);
    await world.passUntil(START + 950);
    expect(steps().at(-1)).toBe(19);
    world.server.stop(START + 1_250);
    await world.pass(15);
    expect(withdrawn).toEqual([13, 14, 15, 16, 17, 18, 19]);
    await world.pass(5_000);
    expect(steps().at(-1)).toBe(19);
    session.close();
    expect(withdrawn).toHaveLength(7);
  });

  it("by a pause, and told again when the session is resumed", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { told, withdrawn } = await listen(world, session);
    await world.passUntil(START + 950);
    world.server.change([
      [START + 1_050, 0],
      [START + 3_000, 100],
    ]);
    await world.passUntil(START + 5_000);
    expect(withdrawn).toEqual([11, 12]);
    const again = told.filter(({ step }) => step.step === 11);
    expect(again.map(({ step }) => step.at)).toEqual([START + 1_100, START + 3_050]);
    const steps = told.map(({ step }) => step.step);
    expect(steps).toEqual([...range(0, 12), ...range(11, steps.at(-1) ?? 0)]);
    session.close();
  });

  it("but not those that have begun before a late change, which are not told again either", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { steps, withdrawn } = await listen(world, session);
    await world.passUntil(START + 2_010);
    world.server.change([
      [START + 1_550, 0],
      [START + 4_000, 100],
    ]);
    await world.pass(50);
    expect(session.state().step).toBe(15);
    expect(withdrawn).toEqual([21, 22]);
    await world.passUntil(START + 6_000);
    expect(steps()).toEqual([...range(0, 22), ...range(21, steps().at(-1) ?? 0)]);
    session.close();
  });

  it("by another rate, and told for their new instants", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { told, withdrawn } = await listen(world, session);
    await world.passUntil(START + 960);
    world.server.change([[START + 1_000, 500]]);
    await world.passUntil(START + 4_000);
    expect(withdrawn).toEqual([11, 12]);
    expect(told.slice(-5).map(({ step }) => [step.step, step.at - START])).toEqual([
      ...[12, 13, 14, 15, 16].map((step) => [step, 1_000 + (step - 10) * 500]),
    ]);
    session.close();
  });
});

describe("the clock of the page", () => {
  it("stands still in a sleep, so what was told is withdrawn and told again for when it really begins", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 10_000);
    const { told } = await listen(world, session, {}, 10_000);
    await world.pass(10);
    await world.sleep(5_000);
    world.wake("back");
    await world.pass(2_000);
    const { now } = session.clock.read();
    const last = new Map(told.map(({ step }) => [step.step, step]));
    const coming = [...last.values()].filter(({ at }) => at > now);
    expect(coming.length).toBeGreaterThan(90);
    for (const { at, performanceAt } of coming) {
      expect(Math.abs(performanceAt - world.machine.monotonicMs() - (at - now))).toBeLessThan(20);
    }
    session.close();
  });

  it("may stand still for a millisecond, which costs no timers", async () => {
    const world = new HttpWorld({ resolutionMs: 1 });
    world.server.aheadMs = 0.7;
    const session = await world.connect();
    await listen(world, session, {}, 250.9);
    await world.pass(5_000);
    expect(world.delays.length).toBeLessThan(1_000);
    session.close();
  });
});

it.each([[undefined], [null], [{}]])("a callback must be a function, not %j", async (callback) => {
  const session = await new HttpWorld().connect();
  expect(() => session.ahead(100, callback as never)).toThrow(
    expect.objectContaining({ code: "not_a_function" }),
  );
  session.close();
});

describe("the instant on an audio context", () => {
  const audio = (parts: Partial<AudioClock>): AudioClock => ({ currentTime: 7, state: "running", ...parts });

  /** Returns how long after an instant of the context the first step is heard, less how long after now it begins. */
  async function offset(context: (nowMs: number) => AudioClock): Promise<number> {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 1_000);
    const nowMs = world.machine.monotonicMs();
    const { told } = await listen(world, session, { audio: context(nowMs) });
    const [first] = told;
    session.close();
    return (first?.step.audioAt ?? Number.NaN) - ((first?.step.performanceAt ?? 0) - nowMs) / 1_000;
  }

  it("follows from the time stamp of the output", async () => {
    const stamped = (nowMs: number) =>
      audio({ getOutputTimestamp: () => ({ contextTime: 6.5, performanceTime: nowMs - 20 }) });
    expect(await offset(stamped)).toBeCloseTo(6.52, 6);
  });

  it("follows from the current time and the latency where there is no time stamp yet", async () => {
    expect(await offset(() => audio({ outputLatency: 0.05, baseLatency: 0.01 }))).toBeCloseTo(6.95, 6);
    const zeros = () => ({ contextTime: 0, performanceTime: 0 });
    expect(await offset(() => audio({ baseLatency: 0.01, getOutputTimestamp: zeros }))).toBeCloseTo(6.99, 6);
    expect(await offset(() => audio({ getOutputTimestamp: () => ({}) }))).toBeCloseTo(7, 6);
  });

  it("is unknown while the context does not run, and never negative", async () => {
    expect(await offset(() => audio({ state: "suspended" }))).toBeNaN();
    const world = new HttpWorld();
    const session = await world.connect();
    const { told } = await listen(world, session, { audio: audio({ currentTime: 0, outputLatency: 60 }) });
    await world.passUntil(START);
    expect(told[0]?.step.audioAt).toBe(0);
    session.close();
  });
});

it("a session that never starts has no coming steps", async () => {
  const world = new HttpWorld();
  const session = await world.connect(world.server.store({ stopped_at: RECORD.created_at }));
  const { told } = await listen(world, session, {}, 60_000);
  await world.pass(70_000);
  expect(told).toEqual([]);
  session.close();
});
