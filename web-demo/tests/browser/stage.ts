/** The browser and the server that the tests of a file share. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";

import { TestServer } from "../../../crates/engine-wasm/npm/test/browser/server.js";
import { startBrowser } from "./browser.js";
import { checkPrerequisites } from "./prerequisites.js";

/** A session that breaks about once a second, and has done so for a while. */
export const BRISK = { tick_ms: 100, rules: { break_interval: { min: 6, max: 14 } } };

export interface Stage {
  readonly browser: Browser;
  readonly server: TestServer;
}

/** Starts them before the tests of a file, and closes every page after each test. */
export function stage(): Stage {
  let browser: Browser | undefined;
  const server = new TestServer();
  beforeAll(async () => {
    checkPrerequisites();
    browser = await startBrowser();
    await server.start();
  });
  afterEach(async () => {
    await Promise.all(browser?.contexts().map((context) => context.close()) ?? []);
  });
  afterAll(async () => {
    await browser?.close();
    await server.remove();
  });
  return {
    get browser(): Browser {
      if (browser === undefined) {
        throw new Error("the browser has not started");
      }
      return browser;
    },
    server,
  };
}

/**
 * Returns the body of a session that has begun a minute ago.
 *
 * @param tickMs With long ticks, a single one shows even if a busy machine makes the clocks inexact.
 */
export function begun(tickMs = BRISK.tick_ms): typeof BRISK & { readonly start_at: string } {
  return { ...BRISK, tick_ms: tickMs, start_at: new Date(Date.now() - 60_000).toISOString() };
}
