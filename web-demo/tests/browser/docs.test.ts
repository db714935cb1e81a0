/** The documentation of the API in a real browser, served by the real server under its content security policy. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { TestServer } from "../../../crates/engine-wasm/npm/test/browser/server.js";
import { startBrowser, visit } from "./browser.js";
import { checkPrerequisites } from "./prerequisites.js";

let browser: Browser;
let server: TestServer;

beforeAll(async () => {
  checkPrerequisites();
  browser = await startBrowser();
  server = new TestServer();
  await server.start();
});

afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

test("the documentation works under its content security policy, and a request can be tried out", async () => {
  const { page, complaints } = await visit(browser, `${server.address}/docs/`);
  const time = page.locator("#operations-time-getTime");
  await time.locator(".opblock-summary-control").click();
  await time.locator(".try-out__btn").click();
  await time.locator(".execute").click();
  await expect
    .poll(() => time.locator(".live-responses-table").innerText(), { timeout: 20_000 })
    .toContain("now_ms");
  expect(complaints).toEqual([]);
});
