import { beforeAll, describe, expect, it } from "vitest";

import { loadEngine } from "../../src/index.js";
import { NOON } from "../world/http-world.js";
import { range, TickerHarness } from "./ticker-harness.js";

const START = NOON + 3_000;

beforeAll(() => loadEngine());

describe("a stop in the future", () => {
  it("is reported at its instant, after the last tick", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START + 250);
    await harness.world.passUntil(START + 5_000);
    expect(harness.reported).toEqual([
      { what: 0, at: START },
      { what: 1, at: START + 100 },
      { what: 2, at: START + 200 },
      { what: "stopped", at: START + 250 },
    ]);
  });

  it("exactly at the beginning of a tick is reported after that tick, at the same instant", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START + 200);
    await harness.world.passUntil(START + 5_000);
    expect(harness.reported.slice(-2)).toEqual([
      { what: 2, at: START + 200 },
      { what: "stopped", at: START + 200 },
    ]);
  });

  it("a millisecond before a tick is reported without it", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START + 199);
    await harness.world.passUntil(START + 5_000);
    expect(harness.steps).toEqual([0, 1, "stopped"]);
  });

  it("before the start is reported without any tick", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START - 1_000);
    await harness.world.passUntil(START + 5_000);
    expect(harness.reported).toEqual([{ what: "stopped", at: START - 1_000 }]);
  });

  it("is reported even without listeners for ticks", async () => {
    const harness = new TickerHarness();
    harness.stopAt(START + 250);
    await harness.world.passUntil(START + 5_000);
    expect(harness.reported).toEqual([{ what: "stopped", at: START + 250 }]);
  });

  it("is reported once, and then no timer is set", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START + 250);
    await harness.world.passUntil(START + 250);
    harness.ticker.check();
    harness.listen();
    await harness.world.pass(60_000);
    expect(harness.steps, "a new listener gets the last step").toEqual([0, 1, 2, "stopped", 2]);
    expect(harness.world.leftovers.timers).toBe(0);
  });

  it("far away takes one timer per minute", async () => {
    const harness = new TickerHarness();
    harness.stopAt(START + 365 * 86_400_000);
    await harness.world.pass(600_000);
    expect(new Set(harness.world.delays)).toEqual(new Set([60_000]));
    expect(harness.reported).toEqual([]);
  });

  it("during a sleep is reported after all ticks before it", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START + 2_000);
    await harness.world.sleep(60_000);
    await harness.world.pass(5_000);
    expect(harness.steps).toEqual([...range(0, 20), "stopped"]);
  });

  it("during a sleep is reported after the last tick, if only the latest is wanted", async () => {
    const harness = new TickerHarness({ catchUp: "latest" }).listen();
    harness.stopAt(START + 2_000);
    await harness.world.sleep(60_000);
    await harness.world.pass(5_000);
    expect(harness.steps).toEqual([20, "stopped"]);
  });

  it("waits for all ticks before it, however many slices they take", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START + 2_000);
    await harness.world.sleep(60_000);
    harness.onReport = () => harness.world.agenda.spend(5);
    await harness.world.pass(5_000);
    expect(harness.steps).toEqual([...range(0, 20), "stopped"]);
  });
});

describe("a stop that is learned late", () => {
  it("is reported at once", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 1_000);
    harness.stopAt(START + 450);
    expect(harness.reported.at(-1)).toEqual({ what: "stopped", at: START + 1_000 });
    await harness.world.pass(60_000);
    expect(harness.steps).toEqual([...range(0, 10), "stopped"]);
    expect(harness.world.leftovers.timers).toBe(0);
  });

  it("is reported after earlier ticks that are still due", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 150);
    harness.world.agenda.spend(1_000);
    harness.stopAt(START + 450);
    expect(harness.steps).toEqual([...range(0, 4), "stopped"]);
  });

  it("during a tick is reported after that tick", async () => {
    const harness = new TickerHarness().listen();
    harness.onReport = (step) => {
      if (step === 5) {
        harness.stopAt(START + 310);
      }
    };
    await harness.world.passUntil(START + 5_000);
    expect(harness.steps).toEqual([...range(0, 5), "stopped"]);
  });
});

describe("a stop that an earlier one replaces", () => {
  it("is reported once, at the earlier instant", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START + 2_000);
    await harness.world.passUntil(START + 50);
    harness.stopAt(START + 250);
    await harness.world.passUntil(START + 5_000);
    expect(harness.reported.slice(-2)).toEqual([
      { what: 2, at: START + 200 },
      { what: "stopped", at: START + 250 },
    ]);
    expect(harness.steps).toEqual([0, 1, 2, "stopped"]);
  });

  it("after it was reported is reported again, because the state differs", async () => {
    const harness = new TickerHarness().listen();
    harness.stopAt(START + 500);
    await harness.world.passUntil(START + 1_000);
    harness.stopAt(START + 250);
    expect(harness.steps).toEqual([...range(0, 5), "stopped", "stopped"]);
  });
});
