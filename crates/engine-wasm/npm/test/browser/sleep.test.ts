/** The machine sleeps, and a page recovers from it. */
import { expect, test } from "vitest";

import { startChromium } from "./browsers.js";
import {
  expectNoneLeftOut,
  expectRightSince,
  expectSynced,
  isUnderWay,
  SURE_WITHIN_MS,
  ticksOf,
} from "./checks.js";
import { CLOCK_THAT_SLEEPS, wrongClock } from "./machines.js";
import type { Happened } from "./recorder.js";
import { NEAR, pass, type Viewer } from "./stage.js";
import { setStage } from "./staged.js";

const HOUR_MS = 3_600_000;
const SLEEP_MS = 4_000;

const { stage, started } = setStage(startChromium);

test("the machine sleeps, and its monotonic clock with it", async () => {
  const session = await stage.create();
  const machine = { browser: started(), session, delays: NEAR };
  const viewers = await Promise.all([
    stage.look({ ...machine, scripts: [CLOCK_THAT_SLEEPS] }),
    stage.look({ ...machine, scripts: [wrongClock(5 * HOUR_MS), CLOCK_THAT_SLEEPS] }),
    stage.look({ ...machine, scripts: [CLOCK_THAT_SLEEPS], catchUp: "latest" }),
  ]);
  await Promise.all(viewers.map(isUnderWay));
  started().sleep();
  await pass(SLEEP_MS);
  started().wake();
  const wokenMs = Date.now();
  const [one, other, latest] = viewers;
  for (const viewer of viewers) {
    await expectRightSince(stage.server, viewer, session, wokenMs);
    expectSynced(await viewer.happened(), wokenMs, SURE_WITHIN_MS);
    expect(await standstill(viewer)).toBeGreaterThan(SLEEP_MS - 500);
  }
  expectNoneLeftOut((await one?.happened()) ?? []);
  expectNoneLeftOut((await other?.happened()) ?? []);
  expect(largestGap((await latest?.happened()) ?? [])).toBeGreaterThan(20);
});

/** Returns how long the page's monotonic clock stood still. */
async function standstill(viewer: Viewer): Promise<number> {
  const samples = await viewer.samples();
  const divergence = samples.map(({ beforeMs, monotonicMs }) => beforeMs - monotonicMs);
  return Math.max(...divergence) - Math.min(...divergence);
}

/** Returns the largest jump between two ticks, in steps. */
function largestGap(happened: readonly Happened[]): number {
  const steps = ticksOf(happened).map(({ step }) => step);
  return Math.max(...steps.map((step, index) => step - (steps[index - 1] ?? step)));
}
