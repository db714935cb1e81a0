/** Runs the page in a real browser and reads its contents. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

import {
  CHROMIUM_ARGUMENTS,
  chromium as program,
} from "../../../crates/engine-wasm/npm/test/browser/prerequisites.js";
import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { readSight, type Sight } from "./sight.js";

/** A page, and the errors and warnings from it. */
export interface Visit {
  readonly page: Page;
  readonly complaints: string[];
  /** The addresses of all requests, those of the players included. */
  readonly requests: string[];
}

/** Starts a browser with a fresh profile. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: program(), headless: true, args: CHROMIUM_ARGUMENTS });
}

/** Opens an address as a first-time visitor. */
export async function visit(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<unknown> = () => Promise.resolve(),
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  context.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      complaints.push(`${message.type()}: ${message.text()}`);
    }
  });
  await page.exposeFunction("complain", (text: string) => complaints.push(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      const { complain } = window as unknown as { complain: (text: string) => void };
      complain(`the content security policy forbids: ${violatedDirective} ${blockedURI}`);
    });
  });
  await prepare(page);
  await page.goto(address);
  return { page, complaints, requests };
}

/** Reads everything between two frames, so that all of it belongs to one moment. */
export function look(page: Page): Promise<Sight> {
  return page.evaluate(readSight);
}

/** Waits for a verdict. */
export function untilVerdict(
  page: Page,
  wanted: Sight["verdict"]["kind"],
  withinMs = 10_000,
): Promise<Sight> {
  return until(
    `the verdict "${wanted}"`,
    async () => {
      const sight = await look(page);
      return sight.verdict.kind === wanted && sight;
    },
    withinMs,
  );
}

/** Returns the button of a player. */
export function button(page: Page, player: string, action: string): ReturnType<Page["locator"]> {
  return page.locator(`[data-player="${player}"] [data-action="${action}"]`);
}
