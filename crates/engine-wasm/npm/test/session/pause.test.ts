import { beforeAll, describe, expect, it } from "vitest";

import { loadEngine } from "../../src/index.js";
import { NOON } from "../world/http-world.js";
import { range, TickerHarness } from "./ticker-harness.js";

const START = NOON + 3_000;

beforeAll(() => loadEngine());

describe("a pause", () => {
  it("holds the steps, and the tick that it interrupts goes on afterwards", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 250, 0], [START + 5_000, 100]);
    await harness.world.passUntil(START + 5_300);
    expect(harness.reported).toEqual([
      { what: 0, at: START },
      { what: 1, at: START + 100 },
      { what: 2, at: START + 200 },
      { what: 3, at: START + 5_050 },
      { what: 4, at: START + 5_150 },
      { what: 5, at: START + 5_250 },
    ]);
  });

  it("where a tick begins lets that tick begin", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 200, 0], [START + 5_000, 100]);
    await harness.world.passUntil(START + 5_150);
    expect(harness.reported.slice(2)).toEqual([
      { what: 2, at: START + 200 },
      { what: 3, at: START + 5_100 },
    ]);
  });

  it("sets no timer but the one for its end", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 250, 0], [START + 30_000, 100]);
    await harness.world.passUntil(START + 250);
    const { length } = harness.world.delays;
    await harness.world.passUntil(START + 29_999);
    expect(harness.world.delays.slice(length - 1)).toEqual([29_750]);
    expect(harness.world.leftovers.timers).toBe(1);
  });

  it("of an hour takes one timer per minute: clocks are corrected", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 250, 0], [START + 3_600_250, 100]);
    await harness.world.passUntil(START + 250);
    const { length } = harness.world.delays;
    await harness.world.passUntil(START + 3_600_249);
    expect(harness.world.delays.slice(length)).toEqual(range(1, 59).map(() => 60_000));
  });

  it("for good leaves no timer", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 250, 0]);
    await harness.world.passUntil(START + 3_600_000);
    expect(harness.steps).toEqual([0, 1, 2]);
    expect(harness.world.leftovers.timers).toBe(0);
  });

  it("for good ends when another schedule resumes the session", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 250, 0]);
    await harness.world.passUntil(START + 60_000);
    harness.schedule([START + 250, 0], [START + 61_000, 100]);
    await harness.world.passUntil(START + 61_060);
    expect(harness.reported.at(-1)).toEqual({ what: 3, at: START + 61_050 });
  });

  it("is passed over in a sleep: all steps before and after it are reported in order", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 1_050, 0], [START + 20_000, 100]);
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(30_000);
    await harness.world.pass(100);
    expect(harness.steps).toEqual(range(0, 112));
    expect(harness.statuses).toEqual([]);
  });

  it("is passed over in a sleep: only the latest step is reported, if that is wanted", async () => {
    const harness = new TickerHarness({ catchUp: "latest" }).listen();
    harness.schedule([START + 1_050, 0], [START + 20_000, 100]);
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(30_000);
    await harness.world.pass(100);
    expect(harness.steps).toEqual([0, 111, 112]);
  });
});

describe("a change of rate", () => {
  it("takes effect on its tick", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 200, 1_000], [START + 3_200, 50]);
    await harness.world.passUntil(START + 3_300);
    expect(harness.reported.map(({ at }) => at - START)).toEqual([
      0, 100, 200, 1_200, 2_200, 3_200, 3_250, 3_300,
    ]);
  });

  it("that is learned in the middle of a tick moves the next one", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 200, 10_000]);
    await harness.world.passUntil(START + 5_000);
    harness.schedule([START + 200, 10_000], [START + 6_000, 0], [START + 7_000, 10_000]);
    await harness.world.passUntil(START + 12_000);
    expect(harness.reported.at(-1)).toEqual({ what: 3, at: START + 11_200 });
  });
});

describe("a stop", () => {
  it("in a pause is reported at its instant, and later changes have no effect", async () => {
    const harness = new TickerHarness().listen();
    harness.timeline.stopAt(START + 2_000);
    harness.schedule([START + 250, 0], [START + 5_000, 100]);
    harness.stopAt(START + 2_000);
    await harness.world.passUntil(START + 10_000);
    expect(harness.reported.slice(2)).toEqual([
      { what: 2, at: START + 200 },
      { what: "stopped", at: START + 2_000 },
    ]);
    expect(harness.statuses.map(({ status }) => status)).toEqual(["paused", "stopped"]);
    expect(harness.world.leftovers.timers).toBe(0);
  });
});

describe("a schedule that is learned late", () => {
  it("takes steps back, and none is reported twice", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 1_050);
    harness.schedule([START + 450, 0], [START + 2_000, 100]);
    expect(harness.steps).toEqual(range(0, 10));
    await harness.world.passUntil(START + 2_760);
    expect(harness.reported.slice(11)).toEqual([
      { what: 11, at: START + 2_650 },
      { what: 12, at: START + 2_750 },
    ]);
  });

  it("takes steps back for a listener that is added then: it gets the current step, and then only new ones", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 1_050);
    harness.schedule([START + 450, 0], [START + 2_000, 100]);
    harness.listen();
    await harness.world.passUntil(START + 2_760);
    expect(harness.steps).toEqual([...range(0, 10), 4, 11, 12]);
  });

  it("reports steps that were taken back if they were not reported before", async () => {
    const harness = new TickerHarness();
    await harness.world.passUntil(START + 1_050);
    harness.schedule([START + 450, 0], [START + 2_000, 100]);
    harness.listen();
    await harness.world.passUntil(START + 2_160);
    expect(harness.reported).toEqual([
      { what: 4, at: START + 1_050 },
      { what: 5, at: START + 2_050 },
      { what: 6, at: START + 2_150 },
    ]);
  });

  it("reports the steps that it adds at once, in order", async () => {
    const harness = new TickerHarness().listen();
    await harness.world.passUntil(START + 1_050);
    harness.schedule([START + 500, 50]);
    expect(harness.steps).toEqual(range(0, 16));
    expect(harness.reported.at(-1)?.at).toBe(START + 1_050);
  });
});

describe("the status", () => {
  it("is reported when it changes, after the steps before", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 200, 0], [START + 1_000, 100], [START + 2_000, 50], [START + 3_000, 0]);
    const order: unknown[] = [];
    harness.onReport = (step) => order.push(step);
    harness.onStatus = (status) => order.push(status);
    await harness.world.passUntil(START + 1_150);
    expect(order).toEqual([0, 1, 2, "paused", "running", 3]);
    await harness.world.passUntil(START + 10_000);
    expect(harness.statuses).toEqual([
      { status: "paused", at: START + 200 },
      { status: "running", at: START + 1_000 },
      { status: "paused", at: START + 3_000 },
    ]);
    expect(harness.world.leftovers.timers).toBe(0);
  });

  it("is reported without listeners for steps, with a timer for each change only", async () => {
    const harness = new TickerHarness();
    harness.schedule([START + 200, 0], [START + 1_000, 100]);
    await harness.world.passUntil(START + 10_000);
    expect(harness.statuses.map(({ at }) => at - START)).toEqual([200, 1_000]);
    expect(harness.world.delays).toEqual([3_200, 800]);
  });

  it("is reported at once for a pause that is learned late", async () => {
    const harness = new TickerHarness();
    await harness.world.passUntil(START + 1_050);
    harness.schedule([START + 450, 0]);
    expect(harness.statuses).toEqual([{ status: "paused", at: START + 1_050 }]);
  });

  it("is not lost if its change takes effect while steps are reported", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 205, 0], [START + 1_000, 100]);
    harness.onReport = (step) => step === 2 && harness.world.agenda.spend(10);
    await harness.world.passUntil(START + 1_200);
    expect(harness.statuses.map(({ status, at }) => [status, at - START])).toEqual([
      ["paused", 210],
      ["running", 1_000],
    ]);
  });
});

describe("a resumption that is learned late", () => {
  it("is reported before the steps that follow it", async () => {
    const harness = new TickerHarness().listen();
    const order: unknown[] = [];
    harness.onReport = (step) => order.push(step);
    harness.onStatus = (status) => order.push(status);
    harness.schedule([START + 250, 0]);
    await harness.world.passUntil(START + 2_000);
    harness.schedule([START + 250, 0], [START + 1_000, 100]);
    expect(order).toEqual([0, 1, 2, "paused", "running", ...range(3, 12)]);
  });

  it("is reported with its steps, although the session is paused again", async () => {
    const harness = new TickerHarness().listen();
    const order: unknown[] = [];
    harness.onReport = (step) => order.push(step);
    harness.onStatus = (status) => order.push(status);
    harness.schedule([START + 250, 0]);
    await harness.world.passUntil(START + 2_000);
    harness.schedule([START + 250, 0], [START + 1_000, 100], [START + 1_200, 0]);
    expect(order).toEqual([0, 1, 2, "paused", "running", 3, 4, "paused"]);
  });

  it("may end the ticker: nothing is reported any more", async () => {
    const harness = new TickerHarness().listen();
    harness.schedule([START + 250, 0]);
    await harness.world.passUntil(START + 2_000);
    harness.onStatus = () => harness.ticker.end();
    harness.schedule([START + 250, 0], [START + 1_000, 100]);
    expect(harness.steps).toEqual([0, 1, 2]);
    expect(harness.world.leftovers.timers).toBe(0);
  });
});

describe("the current step", () => {
  it("is reported at each step, without listeners for ticks", async () => {
    const harness = new TickerHarness().show();
    await harness.world.passUntil(START + 210);
    expect(harness.shown).toEqual([
      { step: 0, at: START },
      { step: 1, at: START + 100 },
      { step: 2, at: START + 200 },
    ]);
    expect(harness.reported).toEqual([]);
  });

  it("is reported once after a sleep, after all ticks that were missed", async () => {
    const harness = new TickerHarness().listen().show();
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(5_000);
    await harness.world.pass(60);
    expect(harness.shown.map(({ step }) => step)).toEqual([0, 51]);
    expect(harness.steps).toEqual(range(0, 51));
  });

  it("is reported when steps are taken back, and goes on from there", async () => {
    const harness = new TickerHarness().listen().show();
    await harness.world.passUntil(START + 1_050);
    harness.schedule([START + 450, 0], [START + 1_100, 100]);
    await harness.world.passUntil(START + 1_300);
    expect(harness.shown.slice(11)).toEqual([
      { step: 4, at: START + 1_050 },
      { step: 5, at: START + 1_150 },
      { step: 6, at: START + 1_250 },
    ]);
    expect(harness.steps).toEqual(range(0, 10));
  });

  it("takes no timer once the session is paused for good", async () => {
    const harness = new TickerHarness().show();
    harness.schedule([START + 250, 0]);
    await harness.world.passUntil(START + 60_000);
    expect(harness.shown.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(harness.world.leftovers.timers).toBe(0);
  });
});
