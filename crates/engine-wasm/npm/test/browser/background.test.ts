/** A minute in the background, and that a page recovers from it. A file of its own, because it mostly waits while others run. */
import { expect, test } from "vitest";

import { startChromium } from "./browsers.js";
import { expectNoneLeftOut, expectRightSince, isUnderWay } from "./checks.js";
import { NEAR, pass, type Viewer } from "./stage.js";
import { setStage } from "./staged.js";

const BACKGROUND_MS = 60_000;

const { stage, started } = setStage(startChromium);

test("a page is in the background for a minute, throttled or frozen", async () => {
  const session = await stage.create();
  const look = { browser: started(), session, delays: NEAR };
  const [heldBack, frozen] = await Promise.all([stage.look(look), stage.look(look)]);
  await Promise.all([isUnderWay(heldBack), isUnderWay(frozen)]);
  await heldBack.tab.hide();
  await frozen.tab.hide();
  await frozen.tab.freeze();
  const hiddenMs = Date.now();
  await pass(BACKGROUND_MS);
  const backMs = Date.now();
  await frozen.tab.thaw();
  await Promise.all([heldBack.tab.show(), frozen.tab.show()]);
  for (const viewer of [heldBack, frozen]) {
    await expectRightSince(stage.server, viewer, session, backMs);
    expectNoneLeftOut(await viewer.happened());
  }
  const asked = async (viewer: Viewer): Promise<number> =>
    (await viewer.samples()).filter(({ beforeMs }) => beforeMs > hiddenMs + 10_000 && beforeMs < backMs)
      .length;
  expect(await asked(heldBack), "it ran about once a minute").toBeLessThan(5);
  expect(await asked(frozen), "it did not run").toBe(0);
});
