/** Network failures and server crashes in a real browser, and that a page recovers from them. */
import { expect, test } from "vitest";

import type { Browser } from "./browsers.js";
import {
  expectClockRight,
  expectNoneLeftOut,
  expectStatesRight,
  expectSure,
  expectTicksRight,
  isUnderWay,
  SURE_WITHIN_MS,
  ticksOf,
  Verdicts,
} from "./checks.js";
import type { Fate } from "./proxy.js";
import type { Happened } from "./recorder.js";
import { NEAR, pass, type Stage, type Viewer } from "./stage.js";
import { setStage } from "./staged.js";
import { until } from "./until.js";

const CUT_MS = 10_000;
const OUTAGE_MS = 3_000;

/** Defines the tests of interruptions in a browser. */
export function testInterruptionsIn(name: string, start: () => Promise<Browser>): void {
  const { stage, started } = setStage(start);

  test("the network is cut silently, and a stop is missed", async ({ annotate }) => {
    const fates: readonly Fate[] = ["resumed", "reset", "lost"];
    const views = await Promise.all(
      fates.map(async (fate) => {
        const session = await stage.create();
        const viewer = await stage.look({ browser: started(), session, delays: NEAR });
        await isUnderWay(viewer);
        return { fate, session, viewer, about: `${name}, connections are ${fate}` };
      }),
    );
    const cutMs = Date.now();
    for (const { viewer } of views) {
      viewer.network.cut();
    }
    await pass(CUT_MS / 2);
    await Promise.all(views.map(({ session }) => stage.server.stop(session)));
    await pass(cutMs + CUT_MS - Date.now());
    const mendedMs = Date.now();
    for (const { viewer, fate } of views) {
      viewer.network.mend(fate);
    }
    for (const { viewer, session, about } of views) {
      const { truthMs } = await stopTold(viewer);
      await annotate(`${about}: the stop is learned after ${truthMs - mendedMs} ms`);
      await expectStopLearned(stage, viewer, session, about);
      await viewer.isAskedAfter(mendedMs + SURE_WITHIN_MS + 1_000);
      expectSure(await viewer.samples(), mendedMs, SURE_WITHIN_MS);
    }
  });

  test("the server is killed and comes back", async () => {
    const session = await stage.create();
    const viewer = await stage.look({ browser: started(), session, delays: NEAR });
    await isUnderWay(viewer);
    await stage.server.kill();
    await pass(OUTAGE_MS);
    await stage.server.start();
    const backMs = Date.now();
    await until(
      "the stream to be open again",
      () => viewer.tab.evaluate(() => window.session.isListening, undefined),
      20_000,
    );
    const at = Date.now() + 500;
    await stage.server.stop(session, at);
    expect((await stopTold(viewer)).stopped, "it is heard of in time").toMatchObject({ isLate: false });
    await viewer.isAskedAfter(Math.max(backMs + SURE_WITHIN_MS, at) + 1_000);
    const [samples, happened] = await Promise.all([viewer.samples(), viewer.happened()]);
    expectSure(samples, backMs, SURE_WITHIN_MS);
    const verdicts = await Verdicts.of(stage.server, session);
    expectClockRight(samples);
    await expectStatesRight(samples, verdicts);
    await expectTicksRight(happened, verdicts);
    expectNoneLeftOut(happened);
  });

  test("a stop in the future is honoured on its tick", async () => {
    const session = await stage.create();
    const viewer = await stage.look({ browser: started(), session, delays: NEAR });
    await isUnderWay(viewer);
    const at = Date.now() + 1_500;
    await stage.server.stop(session, at);
    const { truthMs, errorMs, stopped } = await stopTold(viewer);
    await viewer.isAskedAfter(truthMs + 1_000);
    const state = await stage.server.stateAt(session, at);
    expect(stopped).toEqual({ stoppedAt: at, state, isLate: false, stepsTakenBack: 0, breaksTakenBack: [] });
    expect(truthMs).toBeGreaterThanOrEqual(at - errorMs - 1);
    const verdicts = await Verdicts.of(stage.server, session);
    const happened = await viewer.happened();
    expect(ticksOf(happened).at(-1)).toEqual(state);
    await expectTicksRight(happened, verdicts);
    expectNoneLeftOut(happened);
    await expectStatesRight(await viewer.samples(), verdicts);
  });
}

/** Waits for the stop. */
function stopTold(viewer: Viewer): Promise<Happened> {
  return until(
    "the stop",
    async () => (await viewer.happened()).find(({ kind }) => kind === "stopped"),
    20_000,
  );
}

/** Checks that a stop from an outage is learned afterward and sets the state back. */
async function expectStopLearned(
  stage: Stage,
  viewer: Viewer,
  session: string,
  about: string,
): Promise<void> {
  const { truthMs, stopped } = await stopTold(viewer);
  await viewer.isAskedAfter(truthMs + 500);
  const [samples, happened] = await Promise.all([viewer.samples(), viewer.happened()]);
  const { stopped_at } = await stage.server.session(session);
  const stoppedAt = Date.parse(stopped_at ?? "");
  const state = await stage.server.stateAt(session, stoppedAt);
  expect(stopped, about).toMatchObject({ stoppedAt, state, isLate: true });
  expect(stopped?.stepsTakenBack, about).toBeGreaterThan(30);
  const later = samples.filter(({ beforeMs }) => beforeMs > truthMs);
  expect(later.length).toBeGreaterThan(10);
  expect(new Set(later.map((sample) => JSON.stringify(sample.state)))).toEqual(
    new Set([JSON.stringify(state)]),
  );
  expectClockRight(samples);
  // Until the stop the state was right, even during the outage.
  const before = samples.filter(({ afterMs, errorMs }) => afterMs + errorMs + 1 < stoppedAt);
  await expectStatesRight(before, await Verdicts.of(stage.server, session));
  expectNoneLeftOut(happened);
}
