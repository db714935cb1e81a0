/** The breaks that a ticker reports, and when. */
import { beforeAll, describe, expect, it } from "vitest";

import { loadEngine } from "../../src/index.js";
import { NOON } from "../world/http-world.js";
import { range, TickerHarness } from "./ticker-harness.js";

const START = NOON + 3_000;
const HOUR_MS = 3_600_000;
/** Breaks every one to three ticks. */
const BREAKING = { rules: { break_interval: { min: 1, max: 3 }, rounds_per_epoch: 2 } };

beforeAll(() => loadEngine());

/** Returns the steps up to the last one, inclusive, on which the counter breaks. */
function breaksUpTo(harness: TickerHarness, last: number): number[] {
  return range(0, last).filter((step) => harness.timeline.value(step) === 0);
}

describe("breaks are reported", () => {
  it("when they happen, with a timer for each of them only", async () => {
    const harness = new TickerHarness().listenForBreaks();
    await harness.world.passUntil(START + 60_000);
    const steps = breaksUpTo(harness, 600);
    expect(steps.length).toBeGreaterThan(1);
    expect(harness.breaks).toEqual(
      steps.map((step, index) => ({
        ...harness.timeline.state(step),
        at: START + 100 * step,
        behindMs: 0,
        ended: harness.timeline.roundAt(index),
        isSettled: false,
        skipped: 0,
      })),
    );
    expect(harness.world.delays).toHaveLength(steps.length + 1);
  });

  it("to a listener from the next one on", async () => {
    const harness = new TickerHarness({ session: BREAKING });
    await harness.world.passUntil(START + 1_050);
    harness.listenForBreaks();
    await harness.world.passUntil(START + 2_050);
    const steps = breaksUpTo(harness, 20).filter((step) => step > 10);
    expect(steps.length).toBeGreaterThan(2);
    expect(harness.breaks.map(({ step }) => step)).toEqual(steps);
  });

  it("after the tick of their step, and before the next one", async () => {
    const harness = new TickerHarness({ session: BREAKING }).listen().listenForBreaks();
    await harness.world.passUntil(START + 2_050);
    const steps = breaksUpTo(harness, 20);
    expect(steps.length).toBeGreaterThan(5);
    const expected = range(0, 20).flatMap((step) =>
      steps.includes(step) ? [step, `break ${step}`] : [step],
    );
    expect(harness.order).toEqual(expected);
  });
});

it("the end of a pause is reported before the breaks after it, even if a new listener waits for the current step", async () => {
  const harness = new TickerHarness({ session: BREAKING }).listenForBreaks();
  harness.onStatus = (status) => harness.order.push(status);
  harness.schedule([START + 250, 0], [START + 2_000, 100]);
  await harness.world.passUntil(START + 300);
  const before = harness.order.length;
  harness.world.agenda.spend(3_000);
  harness.listen();
  await harness.world.pass(0);
  const after = breaksUpTo(harness, 15).filter((step) => step > 2);
  expect(after.length).toBeGreaterThan(2);
  const [order, breaks] = [harness.order.slice(before), after.map((step) => `break ${step}`)];
  const isLast = after.includes(15);
  expect(order).toEqual([
    "running",
    ...breaks.slice(0, isLast ? -1 : undefined),
    15,
    ...breaks.slice(isLast ? -1 : breaks.length),
  ]);
});

describe("the breaks of a sleep", () => {
  it.each([
    ["recent", range(3_582, 3_601)],
    ["latest", [3_601]],
  ] as const)(
    "are all reported, in the order of the steps, however few ticks are: %s",
    async (catchUp, ticks) => {
      const harness = new TickerHarness({ catchUp }).listen().listenForBreaks();
      await harness.world.passUntil(START + 50);
      await harness.world.sleep(360_000);
      await harness.world.pass(100);
      const steps = breaksUpTo(harness, 3_601);
      expect(steps.length).toBeGreaterThan(12);
      expect(harness.breaks.map(({ step }) => step)).toEqual(steps);
      expect(harness.breaks.map(({ behindMs }) => behindMs)).toEqual(
        steps.map((step) => 360_100 - 100 * step),
      );
      const order = harness.order.map((what) => Number(String(what).replace("break ", "")));
      expect(order).toEqual([0, ...ticks, ...steps].sort((one, other) => one - other));
    },
  );

  it("are at most 1,000, the latest ones, and the first of them says how many are missing", async () => {
    const harness = new TickerHarness({ catchUp: "recent", session: BREAKING }).listen().listenForBreaks();
    await harness.world.passUntil(START + 50);
    await harness.world.sleep(HOUR_MS);
    await harness.world.pass(100);
    const steps = breaksUpTo(harness, 36_001);
    expect(steps.length).toBeGreaterThan(10_000);
    expect(harness.breaks.map(({ step }) => step)).toEqual(steps.slice(-1_000));
    expect(harness.breaks[0]?.skipped).toBe(steps.length - 1_000);
    expect(new Set(harness.breaks.slice(1).map(({ skipped }) => skipped))).toEqual(new Set([0]));
    await harness.world.pass(1_000);
    expect(harness.breaks.at(-1)?.skipped).toBe(0);
    expect(harness.breaks.at(-1)?.behindMs).toBe(0);
  });

  it("are reported in slices of a few milliseconds, each once, and the page can run in between", async () => {
    const harness = new TickerHarness({ catchUp: "recent", session: BREAKING }).listen().listenForBreaks();
    const { agenda } = harness.world;
    await harness.world.passUntil(START + 50);
    harness.onBreak = () => agenda.spend(1);
    await harness.world.sleep(100_000);
    const turns: number[] = [];
    const turn = (): void => {
      turns.push(harness.breaks.length);
      agenda.in(1, turn);
    };
    turn();
    await harness.world.pass(2_000);
    const largest = Math.max(...turns.map((count, index) => count - (turns[index - 1] ?? 1)));
    expect(largest).toBeLessThanOrEqual(10);
    expect(harness.breaks.map(({ step }) => step)).toEqual(breaksUpTo(harness, 1_020));
  });

  it("cost as much as the breaks, not as the ticks", async () => {
    const harness = new TickerHarness({ catchUp: "recent" }).listen().listenForBreaks();
    await harness.world.passUntil(START + 50);
    let computed = 0;
    const { timeline } = harness;
    const { roundAt } = timeline;
    timeline.roundAt = (round) => {
      computed += 1;
      return roundAt.call(timeline, round);
    };
    await harness.world.sleep(8 * HOUR_MS);
    await harness.world.pass(100);
    expect(harness.breaks.length).toBe(1_000);
    expect(computed).toBeLessThan(10_000);
  });
});
