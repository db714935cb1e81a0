/** The clock and the states in real browsers, over slow and lopsided networks, on machines whose own clocks are wrong. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { type Browser, script, startChromium, startFirefox } from "./browsers.js";
import { expectClockRight, expectStatesRight, expectSure, expectSynced, Verdicts } from "./checks.js";
import { wrongClock } from "./machines.js";
import type { Delays } from "./proxy.js";
import type { Sample } from "./recorder.js";
import { pass, Stage } from "./stage.js";

const HOUR_MS = 3_600_000;
/** Long enough for the second burst of questions and what follows from it. */
const LOOK_MS = 3_000;

const EVEN: Delays = { there: { fixedMs: 5 }, back: { fixedMs: 5 } };
const LOPSIDED: Delays = { there: { fixedMs: 30 }, back: { fixedMs: 90 } };
const SLOW: Delays = { there: { fixedMs: 200 }, back: { fixedMs: 200 } };
/** As far off as can be without being noticed: all that a clock says of its error is needed. */
const ONE_SIDED: Delays = { there: { fixedMs: 0 }, back: { fixedMs: 60 } };
const SHAKY: Delays = { there: { fixedMs: 5, jitterMs: 30 }, back: { fixedMs: 5, jitterMs: 30 } };

let stage: Stage;
const browsers = {} as Record<"Chromium" | "Firefox", Browser>;

beforeAll(async () => {
  stage = new Stage();
  // One after the other: whatever fails, what has been started is known, and is ended.
  await stage.build();
  browsers.Chromium = await startChromium();
  browsers.Firefox = await startFirefox();
});

afterEach(() => stage.clear());

afterAll(async () => {
  await Promise.all(Object.values(browsers).map((browser) => browser.close()));
  await stage.remove();
});

describe.each(["Chromium", "Firefox"] as const)("in %s", (name) => {
  test.for([
    { path: "5 ms there and 5 back", delays: EVEN },
    { path: "30 ms there and 90 back", delays: LOPSIDED },
    { path: "0 ms there and 60 back", delays: ONE_SIDED },
    { path: "5 to 35 ms there and back", delays: SHAKY },
  ])("the clock is right within its error: $path", async ({ path, delays }, { annotate }) => {
    const session = await stage.create();
    const look = (...scripts: string[]) => stage.look({ browser: browsers[name], session, delays, scripts });
    const viewers = await Promise.all([
      look(),
      look(wrongClock(5 * HOUR_MS)),
      look(wrongClock(-3 * HOUR_MS)),
    ]);
    const verdicts = await Verdicts.of(stage.server, session);
    const untilMs = Date.now() + LOOK_MS;
    for (const { tab, isAskedAfter, samples } of viewers) {
      await isAskedAfter(untilMs);
      const seen = await samples();
      expect(seen.length).toBeGreaterThan(50);
      expectClockRight(seen);
      await expectStatesRight(seen, verdicts);
      expect(tab.complaints).toEqual([]);
      await annotate(`${name}, ${path}: ${described(seen)}`);
    }
  });

  test("a clock that is set meanwhile is noticed", async () => {
    const session = await stage.create();
    const scripts = [wrongClock(0)];
    const viewer = await stage.look({ browser: browsers[name], session, delays: EVEN, scripts });
    await viewer.isAskedAfter(Date.now() + 1_000);
    for (const aheadMs of [2 * HOUR_MS, -HOUR_MS]) {
      const setMs = Date.now();
      const wasNoticed = await viewer.tab.evaluate((ms) => {
        window.setClock(ms);
        return !window.session.clock.read().synced;
      }, aheadMs);
      expect(wasNoticed).toBe(true);
      await viewer.isAskedAfter(setMs + 3_000);
      expectSure(await viewer.samples(), setMs, 2_000);
      expectSynced(await viewer.happened(), setMs, 2_000);
    }
    expectClockRight(await viewer.samples());
    await expectStatesRight(await viewer.samples(), await Verdicts.of(stage.server, session));
  });

  test("a question that the browser asks again, because a connection broke, does not mislead", async () => {
    const session = await stage.create();
    const look = { browser: browsers[name], session, delays: EVEN, scripts: [wrongClock(0)] };
    const { tab, network, isAskedAfter, samples } = await stage.look(look);
    await isAskedAfter(Date.now() + 500);
    network.delays = SLOW;
    // It asks at once, and rests on nothing that it knew before.
    await tab.evaluate((ms) => {
      window.setClock(ms);
      window.session.clock.read();
    }, HOUR_MS);
    await pass(SLOW.there.fixedMs / 2);
    network.reset();
    await isAskedAfter(Date.now() + 3_000);
    expectClockRight(await samples());
    expect((await samples()).at(-1)?.synced).toBe(true);
  });

  test("a page of another origin is told when its questions really left, however busy it is", async () => {
    const session = await stage.create();
    const scripts = [ALWAYS_BUSY];
    const { tab, isAskedAfter, samples } = await stage.look({
      browser: browsers[name],
      session,
      delays: EVEN,
      scripts,
    });
    // The first questions were asked, and the next are not yet.
    const { calls, stamps, errorMs } = await tab.evaluate(
      () => ({ ...window.questions(), errorMs: window.session.clock.read().errorMs }),
      undefined,
    );
    expect(stamps.length).toBeGreaterThan(1);
    expect(stamps.filter(({ askedMs, answeredMs }) => !(askedMs > 0 && answeredMs >= askedMs))).toEqual([]);
    expect(errorMs).toBeLessThan(errorOfCalls(calls));
    await isAskedAfter(Date.now() + 1_000);
    expectClockRight(await samples());
  });
});

test("Chromium and Firefox agree with each other and with the server, over different networks", async () => {
  const session = await stage.create({ tick_ms: 500 });
  const [left, right] = await Promise.all([
    stage.look({ browser: browsers.Chromium, session, delays: LOPSIDED }),
    stage.look({ browser: browsers.Firefox, session, delays: EVEN, scripts: [wrongClock(HOUR_MS)] }),
  ]);
  const untilMs = Date.now() + 2 * LOOK_MS;
  await Promise.all([left.isAskedAfter(untilMs), right.isAskedAfter(untilMs)]);
  const verdicts = await Verdicts.of(stage.server, session);
  const [seenLeft, seenRight] = await Promise.all([left.samples(), right.samples()]);
  await expectStatesRight(seenLeft, verdicts);
  await expectStatesRight(seenRight, verdicts);
  const compared = pairs(seenLeft, seenRight).filter(([one, other]) =>
    areFarFromBorders(one, other, verdicts),
  );
  expect(compared.length).toBeGreaterThan(50);
  expect(compared.filter(([one, other]) => one.state.step !== other.state.step)).toEqual([]);
});

/** When a question was asked and answered, as the page's clock has it, and what the server said. */
interface Call {
  readonly askedMs: number;
  readonly receivedMs: number;
  readonly sentMs: number;
  readonly answeredMs: number;
}

interface Questions {
  /** As the page saw them. */
  readonly calls: readonly Call[];
  /** As the browser saw them. */
  readonly stamps: readonly { readonly askedMs: number; readonly answeredMs: number }[];
}

declare global {
  interface Window {
    questions(): Questions;
  }
}

/** A page that hardly ever gets round to what has arrived, and notes when it has asked for the time. */
const ALWAYS_BUSY = script(() => {
  const BUSY_MS = 150;
  const trueFetch = window.fetch.bind(window);
  const calls: Call[] = [];
  const stamps: { readonly askedMs: number; readonly answeredMs: number }[] = [];
  const isQuestion = (address: string): boolean => address.includes("/v1/time");
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
      if (isQuestion(entry.name)) {
        stamps.push({ askedMs: entry.requestStart, answeredMs: entry.responseEnd });
      }
    }
  }).observe({ type: "resource" });
  window.questions = () => ({ calls, stamps });
  window.fetch = async (...asking) => {
    const askedMs = performance.now();
    const response = await trueFetch(...asking);
    const answeredMs = performance.now();
    if (isQuestion(response.url)) {
      // Not waited for: who has asked would get the answer later.
      void response
        .clone()
        .json()
        .then(({ received_us, sent_us }) =>
          calls.push({ askedMs, receivedMs: received_us / 1_000, sentMs: sent_us / 1_000, answeredMs }),
        );
    }
    return response;
  };
  const keepBusy = (): void => {
    const endMs = performance.now() + BUSY_MS;
    while (performance.now() < endMs) {
      // Busy.
    }
    setTimeout(keepBusy);
  };
  keepBusy();
}, undefined);

/** The smallest error that a clock can have which rests on the page's own stamps alone. */
function errorOfCalls(calls: readonly Call[]): number {
  const low = Math.max(...calls.map(({ sentMs, answeredMs }) => sentMs - answeredMs));
  const high = Math.min(...calls.map(({ receivedMs, askedMs }) => receivedMs - askedMs));
  return (high - low) / 2;
}

/** Every sample of one page with that of another which is nearest in time. */
function pairs(ones: readonly Sample[], others: readonly Sample[]): readonly (readonly [Sample, Sample])[] {
  const distance = (one: Sample, other: Sample): number => Math.abs(one.beforeMs - other.beforeMs);
  return ones.map((one) => {
    const nearest = others.reduce((best, other) =>
      distance(one, other) < distance(one, best) ? other : best,
    );
    return [one, nearest] as const;
  });
}

/** Whether no step may have begun between two samples, for all that their clocks know. */
function areFarFromBorders(one: Sample, other: Sample, verdicts: Verdicts): boolean {
  const reach = one.errorMs + other.errorMs + 1;
  const from = Math.min(one.beforeMs, other.beforeMs) - reach;
  const to = Math.max(one.afterMs, other.afterMs) + reach;
  return verdicts.step(from) === verdicts.step(to);
}

/** How far off the clock was: told, not judged. The truth is known to a millisecond. */
function described(samples: readonly Sample[]): string {
  const offMs = samples.map(({ beforeMs, afterMs, nowMs }) => nowMs - (beforeMs + afterMs + 1) / 2);
  const sorted = offMs.sort((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)]?.toFixed(1);
  return `off by ${sorted[0]?.toFixed(1)} to ${sorted.at(-1)?.toFixed(1)} ms, ${middle} in the middle; says ${samples
    .at(-1)
    ?.errorMs.toFixed(1)} at the most`;
}
