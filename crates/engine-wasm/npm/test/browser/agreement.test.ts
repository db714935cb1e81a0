/** Different browsers show the same step at the same time. */
import { expect, test } from "vitest";

import type { Browser } from "./browsers.js";
import { expectClockRight, expectStatesRight, Verdicts } from "./checks.js";
import { wrongClock } from "./machines.js";
import type { Delays } from "./proxy.js";
import type { Sample } from "./recorder.js";
import { NEAR } from "./stage.js";
import { setStage, startEachBrowser } from "./staged.js";
import { until } from "./until.js";

const HOUR_MS = 3_600_000;
/** Long enough for the second burst of requests and its effects. */
const LOOK_MS = 6_000;
const LEAST_PAIRS = 50;
/** How long enough samples may take on a busy machine. */
const ENOUGH_WITHIN_MS = 60_000;

const LOPSIDED: Delays = { there: { fixedMs: 30 }, back: { fixedMs: 90 } };

const { stage, started } = setStage(startEachBrowser);

test("all browsers agree with each other and with the server, over different networks", async () => {
  const session = await stage.create({ tick_ms: 500 });
  const { chromium, firefox, webkit } = started();
  const look = async (browser: Browser, delays: Delays, ...scripts: string[]) => ({
    name: browser.name,
    viewer: await stage.look({ browser, session, delays, scripts }),
  });
  const [one, other, third] = await Promise.all([
    look(chromium, LOPSIDED),
    look(firefox, NEAR, wrongClock(HOUR_MS)),
    look(webkit, NEAR, wrongClock(-HOUR_MS)),
  ]);
  const untilMs = Date.now() + LOOK_MS;
  await Promise.all([one, other, third].map(({ viewer }) => viewer.isAskedAfter(untilMs)));
  const verdicts = await Verdicts.of(stage.server, session);
  for (const [left, right] of [
    [one, other],
    [one, third],
    [other, third],
  ] as const) {
    const about = `${left.name} and ${right.name}`;
    // On a busy machine pages are asked less often, and enough samples take longer.
    const compared = await until(
      `more than ${LEAST_PAIRS} samples of ${about} that can be compared`,
      async () => {
        const found = pairs(await left.viewer.samples(), await right.viewer.samples()).filter(([a, b]) =>
          areFarFromBorders(a, b, verdicts),
        );
        return found.length > LEAST_PAIRS && found;
      },
      ENOUGH_WITHIN_MS,
    );
    expect(
      compared.filter(([a, b]) => a.state.step !== b.state.step),
      about,
    ).toEqual([]);
  }
  for (const { viewer } of [one, other, third]) {
    const samples = await viewer.samples();
    expectClockRight(samples);
    await expectStatesRight(samples, verdicts);
  }
});

/** Pairs every sample of one page with the sample of another that is nearest in time. */
function pairs(ones: readonly Sample[], others: readonly Sample[]): readonly (readonly [Sample, Sample])[] {
  const distance = (one: Sample, other: Sample): number => Math.abs(one.beforeMs - other.beforeMs);
  return ones.map((one) => {
    const nearest = others.reduce((best, other) =>
      distance(one, other) < distance(one, best) ? other : best,
    );
    return [one, nearest] as const;
  });
}

/** Returns whether certainly no step began between two samples, given the bounds of their clocks. */
function areFarFromBorders(one: Sample, other: Sample, verdicts: Verdicts): boolean {
  const reach = one.errorMs + other.errorMs + 1;
  const from = Math.min(one.beforeMs, other.beforeMs) - reach;
  const to = Math.max(one.afterMs, other.afterMs) + reach;
  return verdicts.step(from) === verdicts.step(to);
}
