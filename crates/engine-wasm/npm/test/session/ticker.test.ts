import { beforeAll, describe, expect, it } from "vitest";

import { loadEngine } from "../../src/index.js";
import { NOON } from "../world/http-world.js";
import { range, Ticking } from "./ticking.js";

const START = NOON + 3_000;
const DAY_MS = 86_400_000;

beforeAll(() => loadEngine());

describe("steps are told", () => {
  it("each once, in order, when it begins", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 5_000);
    expect(ticking.told).toEqual(range(0, 50).map((step) => ({ what: step, at: START + 100 * step })));
  });

  it("to who listens, from the next on that begins", async () => {
    const ticking = new Ticking();
    await ticking.world.passUntil(START + 1_050);
    ticking.listen();
    expect(ticking.told).toEqual([]);
    await ticking.world.pass(200);
    expect(ticking.steps).toEqual([11, 12]);
  });

  it("no more once nobody listens, and not those from before to who listens again", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 150);
    ticking.hasListeners = false;
    await ticking.world.pass(1_000);
    expect(ticking.world.leftovers.timers).toBe(0);
    ticking.listen();
    await ticking.world.pass(100);
    expect(ticking.steps).toEqual([0, 1, 12]);
  });

  it("not before the start", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START - 1);
    expect(ticking.told).toEqual([]);
    await ticking.world.pass(1);
    expect(ticking.told).toEqual([{ what: 0, at: START }]);
  });

  it("of ticks of a millisecond too", async () => {
    const ticking = new Ticking({ session: { tick_ms: 1 } }).listen();
    await ticking.world.passUntil(START + 1_000);
    expect(ticking.steps).toEqual(range(0, 1_000));
  });

  it("of ticks of a day too", async () => {
    const ticking = new Ticking({ session: { tick_ms: DAY_MS } }).listen();
    await ticking.world.passUntil(START + 2 * DAY_MS);
    expect(ticking.told).toEqual(range(0, 2).map((step) => ({ what: step, at: START + DAY_MS * step })));
  });

  it("until the session is ended, even by who is told", async () => {
    const ticking = new Ticking().listen();
    ticking.whenTold = (step) => {
      if (step === 3) {
        ticking.ticker.end();
        ticking.timeline.free();
      }
    };
    await ticking.world.sleep(10_000);
    await ticking.world.pass(10_000);
    expect(ticking.steps).toEqual([0, 1, 2, 3]);
    expect(ticking.world.leftovers.timers).toBe(0);
  });
});

describe("what ran while nobody could look", () => {
  it("is told in order, all of it", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 50);
    await ticking.world.sleep(60_000);
    await ticking.world.pass(100);
    expect(ticking.steps).toEqual(range(0, 601));
  });

  it("is left out but for the newest, if that is wanted", async () => {
    const ticking = new Ticking({ catchUp: "latest" }).listen();
    await ticking.world.passUntil(START + 50);
    await ticking.world.sleep(60_000);
    await ticking.world.pass(100);
    expect(ticking.steps).toEqual([0, 601]);
  });

  it("is told in slices of some milliseconds, and the page gets its turn in between", async () => {
    const ticking = new Ticking().listen();
    const { agenda } = ticking.world;
    await ticking.world.passUntil(START + 50);
    ticking.whenTold = () => agenda.spend(1);
    const turns: number[] = [];
    await ticking.world.sleep(10_000);
    const turn = (): void => {
      turns.push(ticking.told.length);
      agenda.in(1, turn);
    };
    turn();
    await ticking.world.pass(200);
    expect(ticking.steps.slice(0, 101)).toEqual(range(0, 100));
    const largest = Math.max(...turns.map((count, index) => count - (turns[index - 1] ?? 1)));
    expect(largest).toBeLessThanOrEqual(10);
  });

  it("is told at once when somebody looks, as after the clock was put forward", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 50);
    ticking.aheadMs = 500;
    ticking.ticker.check();
    expect(ticking.steps).toEqual(range(0, 5));
    await ticking.world.pass(100);
    expect(ticking.steps).toEqual(range(0, 6));
  });
});

describe("a clock that halts", () => {
  it("has no step told twice, and none left out", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 50);
    await ticking.halt(3_000);
    expect(ticking.steps).toEqual([0]);
    await ticking.world.pass(100);
    expect(ticking.steps).toEqual([0, 1]);
  });

  it("is looked at no more often than once a millisecond", async () => {
    const ticking = new Ticking({ session: { tick_ms: 1 } }).listen();
    await ticking.world.passUntil(START + 50);
    const before = ticking.world.delays.length;
    await ticking.halt(1_000);
    expect(ticking.world.delays.length - before).toBeLessThanOrEqual(1_000);
  });
});

describe("a timer is set", () => {
  it("for the next step, and for nothing in between", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 1_000);
    expect(ticking.world.delays).toEqual([3_000, ...range(0, 10).map(() => 100)]);
  });

  it("for a minute at most, also for a session that starts in a year: clocks are corrected, and browsers know no longer ones", async () => {
    const start_at = new Date(NOON + 365 * DAY_MS).toISOString();
    const ticking = new Ticking({ session: { start_at } }).listen();
    await ticking.world.pass(3_600_000);
    expect(ticking.world.delays).toEqual(range(0, 60).map(() => 60_000));
  });

  it("not at all while nobody listens and no stop is known", async () => {
    const ticking = new Ticking();
    ticking.ticker.check();
    await ticking.world.pass(10_000);
    expect(ticking.world.delays).toEqual([]);
  });

  it("once only, however often somebody looks", async () => {
    const ticking = new Ticking().listen();
    for (const _ of range(1, 10)) {
      ticking.ticker.check();
    }
    expect(ticking.world.leftovers.timers).toBe(1);
    await ticking.world.passUntil(START + 100);
    expect(ticking.steps).toEqual([0, 1]);
  });
});

describe("who is told a step", () => {
  it("may look again", async () => {
    const ticking = new Ticking().listen();
    ticking.whenTold = () => ticking.ticker.check();
    await ticking.world.passUntil(START + 50);
    await ticking.world.sleep(5_000);
    await ticking.world.pass(100);
    expect(ticking.steps).toEqual(range(0, 51));
    expect(ticking.world.leftovers.timers).toBe(1);
  });

  it("may see the clock put forward meanwhile: what it jumps over is told too, in order", async () => {
    const ticking = new Ticking().listen();
    ticking.whenTold = (step) => {
      ticking.aheadMs += step === 3 ? 500 : 0;
    };
    await ticking.world.passUntil(START + 350);
    expect(ticking.steps).toEqual(range(0, 8));
  });

  it("may begin anew, which leaves out what it has not been told", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 50);
    ticking.whenTold = (step) => {
      if (step === 2) {
        ticking.listen();
      }
    };
    await ticking.world.sleep(1_000);
    await ticking.world.pass(150);
    expect(ticking.steps).toEqual([0, 1, 2, 12]);
  });
});
