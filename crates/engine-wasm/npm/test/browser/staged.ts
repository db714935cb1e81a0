/** A stage and browsers for the tests of a file. */
import { afterAll, afterEach, beforeAll } from "vitest";

import { type Browser, type Chromium, startChromium, startFirefox } from "./browsers.js";
import { Stage } from "./stage.js";
import { startWebKit } from "./webkit.js";

/** What must be closed after the tests. */
interface Closeable {
  close(): Promise<void>;
}

/** A stage, and a browser or several. */
export interface Staged<Browsers> {
  readonly stage: Stage;
  /** Returns what has been started. Only tests may call it. */
  readonly started: () => Browsers;
}

/** Builds a stage and starts browsers before the tests of a file, clears the stage after each test, and removes all in the end. */
export function setStage<Browsers extends Closeable>(start: () => Promise<Browsers>): Staged<Browsers> {
  const stage = new Stage();
  let browsers: Browsers | undefined;

  beforeAll(async () => {
    // One after the other, so that a failure leaves nothing running.
    await stage.build();
    browsers = await start();
  });

  afterEach(() => stage.clear());

  afterAll(async () => {
    await browsers?.close();
    await stage.remove();
  });

  return {
    stage,
    started: () => {
      if (browsers === undefined) {
        throw new Error("the browsers have not started");
      }
      return browsers;
    },
  };
}

/** One browser of each kind. */
export interface EachBrowser extends Closeable {
  readonly chromium: Chromium;
  readonly firefox: Browser;
  readonly webkit: Browser;
}

export async function startEachBrowser(): Promise<EachBrowser> {
  const started: Browser[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((browser) => browser.close()));
  };
  const keep = <Started extends Browser>(browser: Started): Started => {
    started.push(browser);
    return browser;
  };
  try {
    const chromium = keep(await startChromium());
    const firefox = keep(await startFirefox());
    const webkit = keep(await startWebKit());
    return { chromium, firefox, webkit, close };
  } catch (error) {
    await close();
    throw error;
  }
}
