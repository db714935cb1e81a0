/** The clock and the states in a real browser, over slow and asymmetric networks, on machines with wrong clocks. */
import { expect, test } from "vitest";

import { type Browser, script } from "./browsers.js";
import { expectClockRight, expectStatesRight, expectSure, expectSynced, Verdicts } from "./checks.js";
import { wrongClock } from "./machines.js";
import type { Delays } from "./proxy.js";
import type { Sample } from "./recorder.js";
import { pass } from "./stage.js";
import { setStage } from "./staged.js";
import { until } from "./until.js";

const HOUR_MS = 3_600_000;
/** Long enough for the second burst of requests and its effects. */
const LOOK_MS = 3_000;

const EVEN: Delays = { there: { fixedMs: 5 }, back: { fixedMs: 5 } };
const LOPSIDED: Delays = { there: { fixedMs: 30 }, back: { fixedMs: 90 } };
const SLOW: Delays = { there: { fixedMs: 200 }, back: { fixedMs: 200 } };
/** The largest error that can go unnoticed: it uses up the whole bound. */
const ONE_SIDED: Delays = { there: { fixedMs: 0 }, back: { fixedMs: 60 } };
const SHAKY: Delays = { there: { fixedMs: 5, jitterMs: 30 }, back: { fixedMs: 5, jitterMs: 30 } };

/** Defines the tests of the clock in a browser. Each browser has a file of its own, because the tests mostly wait. */
export function testClockIn(name: string, start: () => Promise<Browser>): void {
  const { stage, started } = setStage(start);

  test.for([
    { path: "5 ms there and 5 back", delays: EVEN },
    { path: "30 ms there and 90 back", delays: LOPSIDED },
    { path: "0 ms there and 60 back", delays: ONE_SIDED },
    { path: "5 to 35 ms there and back", delays: SHAKY },
  ])("the clock is right within its bound: $path", async ({ path, delays }, { annotate }) => {
    const session = await stage.create();
    const look = (...scripts: string[]) => stage.look({ browser: started(), session, delays, scripts });
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

  test("a change of the wall clock is noticed", async () => {
    const session = await stage.create();
    const scripts = [wrongClock(0)];
    const viewer = await stage.look({ browser: started(), session, delays: EVEN, scripts });
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

  test("a request that the browser repeats over a new connection does not mislead the clock", async () => {
    const session = await stage.create();
    const look = { browser: started(), session, delays: EVEN, scripts: [wrongClock(0)] };
    const { tab, network, isAskedAfter, samples } = await stage.look(look);
    await isAskedAfter(Date.now() + 500);
    network.delays = SLOW;
    // It asks at once, without any earlier knowledge.
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

  test("a page of another origin learns when its requests really left, however busy it is", async () => {
    const session = await stage.create();
    const scripts = [ALWAYS_BUSY];
    const { tab, isAskedAfter, samples } = await stage.look({
      browser: started(),
      session,
      delays: EVEN,
      scripts,
    });
    // The first burst is over, and the next has not begun.
    await until("the end of the first burst", () =>
      tab.evaluate(() => window.happened.some(({ kind }) => kind === "sync"), undefined),
    );
    const { calls, stamps, errorMs } = await tab.evaluate(
      () => ({ ...window.requests(), errorMs: window.session.clock.read().errorMs }),
      undefined,
    );
    expect(stamps.length).toBeGreaterThan(1);
    expect(stamps.filter(({ askedMs, answeredMs }) => !(askedMs > 0 && answeredMs >= askedMs))).toEqual([]);
    expect(errorMs).toBeLessThan(errorOfCalls(calls));
    await isAskedAfter(Date.now() + 1_000);
    expectClockRight(await samples());
  });
}

/** The stamps of a request by the page's clock, and the server's stamps. */
interface Call {
  readonly askedMs: number;
  readonly receivedMs: number;
  readonly sentMs: number;
  readonly answeredMs: number;
}

interface Requests {
  /** The stamps that the page took. */
  readonly calls: readonly Call[];
  /** The stamps that the browser took. */
  readonly stamps: readonly { readonly askedMs: number; readonly answeredMs: number }[];
}

declare global {
  interface Window {
    requests(): Requests;
  }
}

/** Makes a page so busy that it notices responses late, and records its requests for the time. */
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
  window.requests = () => ({ calls, stamps });
  window.fetch = async (...asking) => {
    const askedMs = performance.now();
    const response = await trueFetch(...asking);
    const answeredMs = performance.now();
    if (isQuestion(response.url)) {
      // Not awaited, because that would delay the response for its caller.
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
      // Keeps the page busy.
    }
    setTimeout(keepBusy);
  };
  keepBusy();
}, undefined);

/** Returns the smallest bound of a clock that uses only the page's own stamps. */
function errorOfCalls(calls: readonly Call[]): number {
  const low = Math.max(...calls.map(({ sentMs, answeredMs }) => sentMs - answeredMs));
  const high = Math.min(...calls.map(({ receivedMs, askedMs }) => receivedMs - askedMs));
  return (high - low) / 2;
}

/** Logs how far off the clock was, without judging it. The truth is known to a millisecond. */
function described(samples: readonly Sample[]): string {
  const offMs = samples.map(({ beforeMs, afterMs, nowMs }) => nowMs - (beforeMs + afterMs + 1) / 2);
  const sorted = offMs.sort((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)]?.toFixed(1);
  return `off by ${sorted[0]?.toFixed(1)} to ${sorted.at(-1)?.toFixed(1)} ms, ${middle} in the middle; says ${samples
    .at(-1)
    ?.errorMs.toFixed(1)} at the most`;
}
