/** Different browsers show the same step at the same time. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Browser, startChromium, startFirefox } from "./browsers.js";
import { expectClockRight, expectStatesRight, Verdicts } from "./checks.js";
import { wrongClock } from "./machines.js";
import type { Delays } from "./proxy.js";
import type { Sample } from "./recorder.js";
import { NEAR, Stage } from "./stage.js";
import { startWebKit } from "./webkit.js";

const HOUR_MS = 3_600_000;
/** Long enough for the second burst of requests and its effects. */
const LOOK_MS = 6_000;

const LOPSIDED: Delays = { there: { fixedMs: 30 }, back: { fixedMs: 90 } };

let stage: Stage;
const browsers: Browser[] = [];

beforeAll(async () => {
  stage = new Stage();
  // One after the other, so that a failure leaves nothing running.
  await stage.build();
  for (const start of [startChromium, startFirefox, startWebKit]) {
    browsers.push(await start());
  }
});

afterAll(async () => {
  await stage.clear();
  await Promise.all(browsers.map((browser) => browser.close()));
  await stage.remove();
});

test("all browsers agree with each other and with the server, over different networks", async () => {
  const session = await stage.create({ tick_ms: 500 });
  const machines = [
    { delays: LOPSIDED },
    { delays: NEAR, scripts: [wrongClock(HOUR_MS)] },
    { delays: NEAR, scripts: [wrongClock(-HOUR_MS)] },
  ];
  const looks = browsers.map((browser, index) => stage.look({ browser, session, ...machines[index] }));
  const viewers = await Promise.all(looks);
  const untilMs = Date.now() + LOOK_MS;
  await Promise.all(viewers.map((viewer) => viewer.isAskedAfter(untilMs)));
  const verdicts = await Verdicts.of(stage.server, session);
  const seen = await Promise.all(viewers.map((viewer) => viewer.samples()));
  for (const samples of seen) {
    expectClockRight(samples);
    await expectStatesRight(samples, verdicts);
  }
  for (const [one, other] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const compared = pairs(seen[one] ?? [], seen[other] ?? []).filter(([left, right]) =>
      areFarFromBorders(left, right, verdicts),
    );
    const about = `${browsers[one]?.name} and ${browsers[other]?.name}`;
    // On a busy machine pages look less often.
    expect(compared.length, about).toBeGreaterThan(20);
    expect(
      compared.filter(([left, right]) => left.state.step !== right.state.step),
      about,
    ).toEqual([]);
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
