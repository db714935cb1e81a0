import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { beforeAll, describe, expect, it } from "vitest";

import { EngineError, type Frame, loadEngine, type ScheduleChange, Timeline } from "../../src/index.js";
import { fillFrame } from "../../src/session/frame.js";
import { Rng } from "../../src/testing/virtual/random.js";
import { HttpWorld, NOON, RECORD } from "../world/http-world.js";

const START = NOON + 3_000;
const DAY_MS = 86_400_000;

beforeAll(() => loadEngine());

/** A schedule, each change as the milliseconds from the start and the length of a tick, which is 0 for a pause. */
type Plan = readonly (readonly [afterMs: number, tickMs: number])[];

interface Course {
  readonly tickMs?: number;
  readonly plan?: Plan;
  /** When it stops, in milliseconds from the start. */
  readonly stop?: number;
}

const changesOf = (plan: Plan): ScheduleChange[] =>
  plan.map(([afterMs, tickMs]) =>
    tickMs === 0 ? { at: START + afterMs, paused: true } : { at: START + afterMs, tick_ms: tickMs },
  );

/** Returns a function that gives the frame at a number of milliseconds from the start. */
function course({ tickMs = 100, plan = [], stop }: Course): (afterMs: number) => Frame {
  const timeline = new Timeline({
    ...RECORD,
    tick_ms: tickMs,
    schedule: changesOf(plan),
    stopped_at: stop === undefined ? null : START + stop,
  });
  return (afterMs) =>
    fillFrame({} as Frame, timeline, { now: START + afterMs, errorMs: 5, synced: true }, undefined);
}

describe("a frame of a live session", () => {
  it("has the state and the clock's reading, and grows through a tick", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 4_225);
    const frame = session.frame();
    const { now, errorMs } = session.clock.read();
    expect(frame).toEqual({
      ...session.state(),
      fraction: (now - START - 4_200) / 100,
      started: true,
      startsInMs: 0,
      status: "running",
      nextTickInMs: START + 4_300 - now,
      nextBreakInMs: session.timeline.timeOf(session.timeline.nextBreak(42)) - now,
      errorMs,
      isSettled: false,
      now,
    });
    expect(frame.fraction).toBeCloseTo(0.25, 2);
    session.close();
  });

  it("fills the frame it is given, and returns it", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const frame = session.frame();
    await world.passUntil(START + 950);
    expect(session.frame(frame)).toBe(frame);
    expect(frame).toEqual(session.frame());
    expect(frame.step).toBe(9);
    session.close();
  });

  it("says whether the state is settled, from the same reading", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store({ notice_ms: 15_000 }));
    expect(session.frame().isSettled).toBe(true);
    expect(session.isSettled).toBe(true);
    world.server.reach = "unreachable";
    await world.pass(20_000);
    expect(session.frame().isSettled).toBe(false);
    session.close();
  });

  it("is frozen by a late stop", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.passUntil(START + 2_000);
    world.server.stop(START + 1_525);
    await world.pass(100);
    const { fraction, step, status, nextTickInMs, nextBreakInMs } = session.frame();
    expect({ fraction, step, status, nextTickInMs, nextBreakInMs }).toEqual({
      fraction: 0.25,
      step: 15,
      status: "stopped",
      nextTickInMs: undefined,
      nextBreakInMs: undefined,
    });
    session.close();
  });

  it("cannot be had of a closed session", async () => {
    const session = await new HttpWorld().connect();
    session.close();
    const closed = expect.objectContaining({ code: "closed" });
    for (const use of [
      () => session.frame(),
      () => session.at(NOON),
      () => session.round(),
      () => session.rounds(1),
    ]) {
      expect(use).toThrow(closed);
    }
  });
});

describe("before the start", () => {
  it("a frame counts down", () => {
    const frame = course({})(-2_000.5);
    expect(frame).toMatchObject({
      ...{ step: 0, value: 0, round: 0, broken: false },
      ...{ fraction: 0, started: false, startsInMs: 2_000.5, status: "running", nextTickInMs: 2_000.5 },
    });
    expect(frame.nextBreakInMs).toBe((course({})(0).nextBreakInMs ?? 0) + 2_000.5);
  });

  it("nothing comes if the session stops before", () => {
    expect(course({ stop: -1 })(-2_000)).toMatchObject({ started: false, startsInMs: undefined });
    expect(course({ stop: -1 })(5)).toMatchObject({
      ...{ value: 0, fraction: 0, started: false, startsInMs: undefined, status: "stopped" },
      ...{ nextTickInMs: undefined, nextBreakInMs: undefined },
    });
    expect(course({ stop: 0 })(5)).toMatchObject({ value: 1, fraction: 0, started: true, status: "stopped" });
  });
});

describe("the fraction of a tick", () => {
  it.each([1, 3, 7, 100, DAY_MS])(
    "of %d ms is 0 at its beginning, and below 1 just before its end",
    (tickMs) => {
      const at = course({ tickMs });
      for (const step of [0, 1, 2, 1_000]) {
        const begin = step * tickMs;
        expect(at(begin)).toMatchObject({ step, fraction: 0, nextTickInMs: tickMs });
        expect(at(begin + tickMs / 2)).toMatchObject({ step, fraction: 0.5 });
        // The last number before it that a clock of the year 2026 can show.
        const last = at(begin + tickMs - 2 ** -12);
        expect(last.step).toBe(step);
        expect(last.fraction).toBeLessThan(1);
        expect(last.fraction).toBe((tickMs - 2 ** -12) / tickMs);
      }
    },
  );

  it("stays while the session is paused in the middle of it, and then goes on", () => {
    const plan: Plan = [
      [1_050, 0],
      [5_000, 100],
      [5_010, 0],
      [6_000, 100],
    ];
    const at = course({ plan });
    expect(at(1_025)).toMatchObject({ step: 10, fraction: 0.25, nextTickInMs: 5_015 });
    for (const [afterMs, fraction] of [
      [1_050, 0.5],
      [3_333.3, 0.5],
      [5_000, 0.5],
      [5_005, 0.55],
      [5_010, 0.6],
      [5_999, 0.6],
      [6_010, 0.7],
    ] as const) {
      const frame = at(afterMs);
      expect([frame.step, frame.fraction], `${afterMs}`).toEqual([10, fraction]);
      expect(frame.nextTickInMs).toBeCloseTo(6_040 - afterMs, 3);
      expect(frame.status).toBe(
        (afterMs >= 1_050 && afterMs < 5_000) || (afterMs >= 5_010 && afterMs < 6_000) ? "paused" : "running",
      );
    }
    expect(at(6_040)).toMatchObject({ step: 11, fraction: 0 });
  });

  it("starts anew with ticks of another length", () => {
    const at = course({ plan: [[1_000, 50]] });
    expect(at(999)).toMatchObject({ step: 9, fraction: 0.99, nextTickInMs: 1 });
    expect(at(1_000)).toMatchObject({ step: 10, fraction: 0, nextTickInMs: 50 });
    expect(at(1_025)).toMatchObject({ step: 10, fraction: 0.5 });
  });

  it("stays 0 in a pause that begins with the tick, whatever the length afterwards is", () => {
    const plan: Plan = [
      [1_000, 0],
      [2_000, 40],
    ];
    const at = course({ plan });
    expect(at(1_500)).toMatchObject({ step: 10, fraction: 0, status: "paused", nextTickInMs: 540 });
    expect(at(2_010)).toMatchObject({ step: 10, fraction: 0.25 });
  });

  it("stays in a pause that nothing ends, and nothing comes any more", () => {
    expect(course({ plan: [[1_075, 0]] })(9_999)).toMatchObject({
      ...{ step: 10, fraction: 0.75, status: "paused", nextTickInMs: undefined, nextBreakInMs: undefined },
    });
  });

  it("stays from the stop on, and steps after the stop do not come", () => {
    const at = course({ stop: 1_099 });
    expect(at(1_050)).toMatchObject({ step: 10, fraction: 0.5, status: "running", nextTickInMs: undefined });
    expect(at(1_099)).toMatchObject({ step: 10, fraction: 0.99, status: "stopped" });
    expect(at(5_000.5)).toMatchObject({ step: 10, fraction: 0.99, status: "stopped" });
    // A step that begins at the very instant of the stop still comes.
    expect(course({ stop: 1_100 })(1_050).nextTickInMs).toBe(50);
  });

  it("is the counted part of the running milliseconds, in any schedule", () => {
    const random = new Rng("frame");
    for (let run = 0; run < 60; run += 1) {
      const { plan, tickMs } = randomPlan(random);
      const at = course({ tickMs, plan });
      for (const { afterMs, step, ran, length } of counted(tickMs, plan)) {
        const frame = at(afterMs);
        expect([frame.step, frame.fraction], JSON.stringify({ tickMs, plan, afterMs })).toEqual([
          step,
          ran / length,
        ]);
      }
    }
  });
});

/** A random valid plan: pauses and resumes at any instant, other lengths where a tick begins. */
function randomPlan(random: Rng): { plan: Plan; tickMs: number } {
  const whole = (below: number): number => Math.floor(random.unit() * below);
  const tickMs = 1 + whole(9);
  const plan: [number, number][] = [];
  let [length, paused, phase, afterMs] = [tickMs, false, 0, 0];
  for (let count = 0; count < 8; count += 1) {
    const passed = 1 + whole(15);
    afterMs += passed;
    phase = paused ? phase : (phase + passed) % length;
    const next = phase === 0 ? 1 + whole(9) : length;
    const isPause = !paused && (next === length || whole(2) === 0);
    plan.push([afterMs, isPause ? 0 : next]);
    length = isPause ? length : next;
    paused = isPause;
  }
  return { plan, tickMs };
}

/** Counts a session through millisecond by millisecond. */
function* counted(tickMs: number, plan: Plan) {
  let [step, ran, length, current] = [0, 0, tickMs, tickMs];
  for (let afterMs = 0; afterMs < 200; afterMs += 1) {
    if (afterMs > 0 && current > 0) {
      ran += 1;
    }
    if (ran === length) {
      [step, ran] = [step + 1, 0];
    }
    current = plan.find(([at]) => at === afterMs)?.[1] ?? current;
    length = current > 0 ? current : length;
    yield { afterMs, step, ran, length };
  }
}

describe("a live session", () => {
  it("has the state at any instant", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    expect(session.at(START + 4_250.7).step).toBe(42);
    expect(session.at(new Date(START + 4_250))).toEqual(session.timeline.state(42));
    expect(session.at("1970-01-01T00:00:00Z").value).toBe(0);
    expect(() => session.at("soon")).toThrow(EngineError);
    session.close();
  });

  it("has its current round, and those that have ended", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    expect(session.round()).toEqual(session.timeline.roundAt(0));
    expect(session.rounds(5)).toEqual([]);
    await world.passUntil(session.timeline.timeOf(session.timeline.roundAt(7).firstStep) + 20);
    expect(session.round()).toEqual(session.timeline.roundAt(7));
    expect(session.rounds(3)).toEqual([4, 5, 6].map((round) => session.timeline.roundAt(round)));
    expect(session.rounds(1_000_000)).toHaveLength(7);
    expect(session.rounds(0)).toEqual([]);
    expect(() => session.rounds(-1)).toThrow("count must be from 0 to 9007199254740991, got -1");
    expect(() => session.rounds(0.5)).toThrow(
      expect.objectContaining({ code: "not_an_integer", field: "count" }),
    );
    session.close();
  });
});

describe("a frame that is filled again", () => {
  /** Returns how many bytes of memory a call takes, once it is compiled. */
  function bytesOf(call: (count: number) => void): number {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const rounds = Array.from({ length: 15 }, () => {
      collect();
      const before = process.memoryUsage().heapUsed;
      for (let count = 0; count < CALLS; count += 1) {
        call(count);
      }
      return (process.memoryUsage().heapUsed - before) / CALLS;
    });
    return Math.min(...rounds);
  }
  const CALLS = 10_000;
  /** What some ten numbers with a fraction take where JavaScript keeps them on the heap. A new frame takes more than this besides. */
  const NUMBERS_BYTES = 180;

  it("takes no memory but for the numbers in it", () => {
    const timeline = new Timeline({
      ...RECORD,
      schedule: changesOf([
        [1_050, 0],
        [5_000, 100],
      ]),
    });
    const reading = { now: START, errorMs: 5.5, synced: true };
    const frame = {} as Frame;
    const frames: Frame[] = [];
    const fill = (into: Frame, count: number): Frame => {
      reading.now = START + count * 1.7;
      return fillFrame(into, timeline, reading, START + 9_000);
    };
    expect(bytesOf((count) => fill(frame, count))).toBeLessThan(NUMBERS_BYTES);
    // The measure notices a new frame.
    expect(bytesOf((count) => frames.push(fill({} as Frame, count)))).toBeGreaterThan(NUMBERS_BYTES);
  });
});
