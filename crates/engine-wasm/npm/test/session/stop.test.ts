import { beforeAll, describe, expect, it } from "vitest";

import { loadEngine } from "../../src/index.js";
import { NOON } from "../world/http-world.js";
import { range, Ticking } from "./ticking.js";

const START = NOON + 3_000;

beforeAll(() => loadEngine());

describe("a stop in the future", () => {
  it("is told on its instant, after the last tick", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START + 250);
    await ticking.world.passUntil(START + 5_000);
    expect(ticking.told).toEqual([
      { what: 0, at: START },
      { what: 1, at: START + 100 },
      { what: 2, at: START + 200 },
      { what: "stopped", at: START + 250 },
    ]);
  });

  it("exactly where a tick begins is told after that tick, at the same instant", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START + 200);
    await ticking.world.passUntil(START + 5_000);
    expect(ticking.told.slice(-2)).toEqual([
      { what: 2, at: START + 200 },
      { what: "stopped", at: START + 200 },
    ]);
  });

  it("a millisecond before a tick begins is told without it", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START + 199);
    await ticking.world.passUntil(START + 5_000);
    expect(ticking.steps).toEqual([0, 1, "stopped"]);
  });

  it("before the start is told without any tick", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START - 1_000);
    await ticking.world.passUntil(START + 5_000);
    expect(ticking.told).toEqual([{ what: "stopped", at: START - 1_000 }]);
  });

  it("is told also if nobody listens to ticks", async () => {
    const ticking = new Ticking();
    ticking.stopAt(START + 250);
    await ticking.world.passUntil(START + 5_000);
    expect(ticking.told).toEqual([{ what: "stopped", at: START + 250 }]);
  });

  it("is told once, and then no timer is set any more", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START + 250);
    await ticking.world.passUntil(START + 250);
    ticking.ticker.check();
    ticking.listen();
    await ticking.world.pass(60_000);
    expect(ticking.steps).toEqual([0, 1, 2, "stopped"]);
    expect(ticking.world.leftovers.timers).toBe(0);
  });

  it("far away is waited for a minute at a time", async () => {
    const ticking = new Ticking();
    ticking.stopAt(START + 365 * 86_400_000);
    await ticking.world.pass(600_000);
    expect(new Set(ticking.world.delays)).toEqual(new Set([60_000]));
    expect(ticking.told).toEqual([]);
  });

  it("slept through is told after all ticks before it", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START + 2_000);
    await ticking.world.sleep(60_000);
    await ticking.world.pass(5_000);
    expect(ticking.steps).toEqual([...range(0, 20), "stopped"]);
  });

  it("slept through is told after the last tick, if only the latest is wanted", async () => {
    const ticking = new Ticking({ catchUp: "latest" }).listen();
    ticking.stopAt(START + 2_000);
    await ticking.world.sleep(60_000);
    await ticking.world.pass(5_000);
    expect(ticking.steps).toEqual([20, "stopped"]);
  });

  it("waits until all ticks before it were told, however many slices that takes", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START + 2_000);
    await ticking.world.sleep(60_000);
    ticking.whenTold = () => ticking.world.agenda.spend(5);
    await ticking.world.pass(5_000);
    expect(ticking.steps).toEqual([...range(0, 20), "stopped"]);
  });
});

describe("a stop that is learned late", () => {
  it("is told at once", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 1_000);
    ticking.stopAt(START + 450);
    expect(ticking.told.at(-1)).toEqual({ what: "stopped", at: START + 1_000 });
    await ticking.world.pass(60_000);
    expect(ticking.steps).toEqual([...range(0, 10), "stopped"]);
    expect(ticking.world.leftovers.timers).toBe(0);
  });

  it("after the ticks before it that were not told yet", async () => {
    const ticking = new Ticking().listen();
    await ticking.world.passUntil(START + 150);
    ticking.world.agenda.spend(1_000);
    ticking.stopAt(START + 450);
    expect(ticking.steps).toEqual([...range(0, 4), "stopped"]);
  });

  it("while a step is told, comes after that step", async () => {
    const ticking = new Ticking().listen();
    ticking.whenTold = (step) => {
      if (step === 5) {
        ticking.stopAt(START + 310);
      }
    };
    await ticking.world.passUntil(START + 5_000);
    expect(ticking.steps).toEqual([...range(0, 5), "stopped"]);
  });
});

describe("a stop that is replaced by an earlier one", () => {
  it("is told on the earlier one, once", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START + 2_000);
    await ticking.world.passUntil(START + 50);
    ticking.stopAt(START + 250);
    await ticking.world.passUntil(START + 5_000);
    expect(ticking.told.slice(-2)).toEqual([
      { what: 2, at: START + 200 },
      { what: "stopped", at: START + 250 },
    ]);
    expect(ticking.steps).toEqual([0, 1, 2, "stopped"]);
  });

  it("after it was told, is told again: the state is another", async () => {
    const ticking = new Ticking().listen();
    ticking.stopAt(START + 500);
    await ticking.world.passUntil(START + 1_000);
    ticking.stopAt(START + 250);
    expect(ticking.steps).toEqual([...range(0, 5), "stopped", "stopped"]);
  });
});
