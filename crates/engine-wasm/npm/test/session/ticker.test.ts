import { beforeAll, describe, expect, it } from "vitest";

import { loadEngine } from "../../src/index.js";
import { NOON } from "../world/http-world.js";
import { range, TickerHarness } from "./ticker-harness.js";

const START = NOON + 3_000;
const DAY_MS = 86_400_000;

beforeAll(() => loadEngine());

describe("steps are reported", () => {
  it("once each, in order, when they begin", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 5_000);
    expect(harness.reported).toEqual(range(0, 50).map((step) => ({ what: step, at: START + 100 * step })));
  });

  it("to a listener from the current step on, but not before it is completely added", async () => {
    const harness = new TickerHarness();
    await harness.world.passUntil(START + 1_050);
    harness.listen();
    expect(harness.reported).toEqual([]);
    await harness.world.pass(200);
    expect(harness.reported).toEqual([
      { what: 10, at: START + 1_050 },
      { what: 11, at: START + 1_100 },
      { what: 12, at: START + 1_200 },
    ]);
  });

  it("to a listener that is added in the same step as an earlier one was, from that step on", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 150);
    harness.ignore();
    harness.listen();
    await harness.world.pass(100);
    expect(harness.steps).toEqual([0, 1, 1, 2]);
  });

  it("only while there are listeners, without those in between", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 150);
    harness.ignore();
    await harness.world.pass(1_000);
    expect(harness.world.leftovers.timers).toBe(0);
    harness.listen();
    await harness.world.pass(100);
    expect(harness.steps).toEqual([0, 1, 11, 12]);
  });

  it("not before the start", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START - 1);
    expect(harness.reported).toEqual([]);
    await harness.world.pass(1);
    expect(harness.reported).toEqual([{ what: 0, at: START }]);
  });

  it("even if ticks last a millisecond", async () => {
    const harness = new TickerHarness({ session: { tick_ms: 1 } }).listen();
    await harness.world.passUntil(START + 1_000);
    expect(harness.steps).toEqual(range(0, 1_000));
  });

  it("even if ticks last a day", async () => {
    const harness = new TickerHarness({ session: { tick_ms: DAY_MS } }).listen();
    await harness.world.passUntil(START + 2 * DAY_MS);
    expect(harness.reported).toEqual(range(0, 2).map((step) => ({ what: step, at: START + DAY_MS * step })));
  });

  it("until the session ends, even if a listener ends it", async () => {
    const harness = new TickerHarness().listen();
    harness.onReport = (step) => {
      if (step === 3) {
        harness.ticker.end();
        harness.timeline.free();
      }
    };
    await harness.world.sleep(10_000);
    await harness.world.pass(10_000);
    expect(harness.steps).toEqual([0, 1, 2, 3]);
    expect(harness.world.leftovers.timers).toBe(0);
  });
});

describe("missed steps", () => {
  it("are all reported in order, if that is wanted", async () => {
    const harness = new TickerHarness({ catchUp: "all" }).listen();
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(60_000);
    await harness.world.pass(100);
    expect(harness.steps).toEqual(range(0, 601));
  });

  it("are reported for two seconds, by default or if that is wanted", async () => {
    const harness = new TickerHarness({ catchUp: "recent" }).listen();
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(8 * 3_600_000);
    await harness.world.pass(100);
    expect(harness.steps).toEqual([0, ...range(287_982, 288_001)]);
    expect(harness.reported[1]?.at).toBe(START + 28_800_100);
  });

  it("are skipped except the latest, if all are older than two seconds", async () => {
    const harness = new TickerHarness({ catchUp: "recent", session: { tick_ms: 10_000 } }).listen();
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(65_000);
    harness.ticker.check();
    expect(harness.reported).toEqual([
      { what: 0, at: START },
      { what: 6, at: START + 65_050 },
    ]);
  });

  it("are skipped once they are older than two seconds, however slow the listener is", async () => {
    const harness = new TickerHarness({ catchUp: "recent" }).listen();
    await harness.world.passUntil(START + 50);
    harness.onReport = () => harness.world.agenda.spend(300);
    await harness.world.pass(60_000);
    const late = harness.reported.map(({ what, at }) => at - START - 100 * Number(what));
    expect(late.length).toBeGreaterThan(100);
    expect(Math.max(...late)).toBeLessThanOrEqual(2_000);
    expect(harness.steps).toEqual(
      [...new Set(harness.steps)].sort((one, other) => Number(one) - Number(other)),
    );
  });

  it("are skipped except the latest, if that is wanted", async () => {
    const harness = new TickerHarness({ catchUp: "latest" }).listen();
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(60_000);
    await harness.world.pass(100);
    expect(harness.steps).toEqual([0, 601]);
  });

  it("are reported in slices of a few milliseconds, and the page can run in between", async () => {
    const harness = new TickerHarness().listen();
    const { agenda } = harness.world;
    await harness.world.passUntil(START + 50);
    harness.onReport = () => agenda.spend(1);
    const turns: number[] = [];
    await harness.world.sleep(10_000);
    const turn = (): void => {
      turns.push(harness.reported.length);
      agenda.in(1, turn);
    };
    turn();
    await harness.world.pass(200);
    expect(harness.steps.slice(0, 101)).toEqual(range(0, 100));
    const largest = Math.max(...turns.map((count, index) => count - (turns[index - 1] ?? 1)));
    expect(largest).toBeLessThanOrEqual(10);
  });

  it("are reported at the next check, as after the clock jumps forward", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 50);
    harness.aheadMs = 500;
    harness.ticker.check();
    expect(harness.steps).toEqual(range(0, 5));
    await harness.world.pass(100);
    expect(harness.steps).toEqual(range(0, 6));
  });
});

describe("a clock that halts", () => {
  it("repeats no step and skips none", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 50);
    await harness.halt(3_000);
    expect(harness.steps).toEqual([0]);
    await harness.world.pass(100);
    expect(harness.steps).toEqual([0, 1]);
  });

  it("is checked at most once per millisecond", async () => {
    const harness = new TickerHarness({ session: { tick_ms: 1 } }).listen();
    await harness.world.passUntil(START + 50);
    const before = harness.world.delays.length;
    await harness.halt(1_000);
    expect(harness.world.delays.length - before).toBeLessThanOrEqual(1_000);
  });
});

describe("a timer is set", () => {
  it("for the next step, and for nothing in between", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 1_000);
    expect(harness.world.delays).toEqual([3_000, ...range(0, 10).map(() => 100)]);
  });

  it("for a minute at most, even if the session starts in a year: clocks are corrected, and browsers limit timers", async () => {
    const start_at = new Date(NOON + 365 * DAY_MS).toISOString();
    const harness = new TickerHarness({ session: { start_at } }).listen();
    await harness.world.pass(3_600_000);
    expect(harness.world.delays).toEqual(range(0, 60).map(() => 60_000));
  });

  it("only if there are listeners or a stop is known", async () => {
    const harness = new TickerHarness();
    harness.ticker.check();
    await harness.world.pass(10_000);
    expect(harness.world.delays).toEqual([]);
  });

  it("only once, however many checks there are", async () => {
    const harness = new TickerHarness().listen();
    for (const _ of range(1, 10)) {
      harness.ticker.check();
    }
    expect(harness.world.leftovers.timers).toBe(1);
    await harness.world.passUntil(START + 100);
    expect(harness.steps).toEqual([0, 1]);
  });
});

describe("a listener for steps", () => {
  it("may trigger a check", async () => {
    const harness = new TickerHarness().listen();
    harness.onReport = () => harness.ticker.check();
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(5_000);
    await harness.world.pass(100);
    expect(harness.steps).toEqual(range(0, 51));
    expect(harness.world.leftovers.timers).toBe(1);
  });

  it("may see the clock jump forward, and all steps in between are reported in order", async () => {
    const harness = new TickerHarness().listen();
    harness.onReport = (step) => {
      harness.aheadMs += step === 3 ? 500 : 0;
    };
    await harness.world.passUntil(START + 350);
    expect(harness.steps).toEqual(range(0, 8));
  });

  it("may begin again, which skips the steps that are still due but the latest", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 50);
    harness.onReport = (step) => {
      if (step === 2) {
        harness.listen();
      }
    };
    await harness.world.sleep(1_000);
    await harness.world.pass(150);
    expect(harness.steps).toEqual([0, 1, 2, 11, 12]);
  });
});
