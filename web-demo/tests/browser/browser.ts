/** Runs the page in a real browser and reads its contents. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { State } from "tickseed";

import {
  CHROMIUM_ARGUMENTS,
  chromium as program,
} from "../../../crates/engine-wasm/npm/test/browser/prerequisites.js";

/** The contents of a row. */
export interface Reading {
  readonly player: string;
  readonly instant: number;
  readonly state: State;
  readonly unit: string;
  readonly isHighlighted: boolean;
}

/** Everything that the page shows at one moment. */
export interface Sight {
  readonly notice: string;
  readonly players: readonly Reading[];
  readonly server: Reading | undefined;
  readonly verdict: {
    readonly same: number;
    readonly players: number;
    readonly checks: number;
    readonly differences: number;
    readonly words: string;
    readonly role: string | null;
  };
}

/** A page, and the errors and warnings from it. */
export interface Visit {
  readonly page: Page;
  readonly complaints: string[];
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
  return { page, complaints };
}

/** Reads everything between two frames, so that all of it belongs to one moment. */
export function look(page: Page): Promise<Sight> {
  return page.evaluate(() => {
    const read = (row: HTMLElement): Reading => ({
      player: row.dataset.player ?? "",
      instant: Number(row.dataset.instant),
      state: {
        step: Number(row.dataset.step),
        value: Number(row.dataset.value),
        round: Number(row.dataset.round),
        broken: row.dataset.broken === "true",
      },
      unit: row.querySelector(".unit")?.textContent ?? "",
      isHighlighted: row.dataset.highlight === "true",
    });
    const rows = [...document.querySelectorAll<HTMLElement>("[data-step]")].map(read);
    const verdict = document.querySelector<HTMLElement>("#verdict");
    const words = document.querySelector<HTMLElement>("#verdict-words");
    return {
      notice: document.querySelector("#notice")?.textContent ?? "",
      players: rows.filter(({ player }) => player !== "server"),
      server: rows.find(({ player }) => player === "server"),
      verdict: {
        same: Number(verdict?.dataset.same),
        players: Number(verdict?.dataset.players),
        checks: Number(verdict?.dataset.checks ?? 0),
        differences: Number(verdict?.dataset.differences),
        words: words?.textContent ?? "",
        role: words?.getAttribute("role") ?? null,
      },
    };
  });
}
