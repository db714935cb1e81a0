/** The page in a tab of any browser, which tests can drive only from within the page. */
import { afterAll, beforeAll } from "vitest";

import {
  type Browser,
  startChromium,
  startFirefox,
  type Tab,
} from "../../../crates/engine-wasm/npm/test/browser/browsers.js";
import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { startWebKit } from "../../../crates/engine-wasm/npm/test/browser/webkit.js";
import { readSight, type Sight } from "./sight.js";

type Start = () => Promise<Browser>;

const FIREFOX = ["Firefox", startFirefox] as const;
const WEBKIT = ["WebKit", startWebKit] as const;

export const ALL_BROWSERS: readonly (readonly [name: string, start: Start])[] = [
  ["Chromium", startChromium],
  FIREFOX,
  WEBKIT,
];
/** For what other tests try in Chromium, with its own tools. */
export const BUT_CHROMIUM: readonly (readonly [name: string, start: Start])[] = [FIREFOX, WEBKIT];

/** Starts a browser before the tests of a block. Returns a function that opens an address in it. */
export function opener(start: Start): (address: string, scripts?: readonly string[]) => Promise<Tab> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await start();
  });
  afterAll(() => browser?.close());
  return (address, scripts) => {
    if (browser === undefined) {
      throw new Error("the browser has not started");
    }
    return browser.open(address, scripts);
  };
}

export function look(tab: Tab): Promise<Sight> {
  return tab.evaluate(readSight as (argument: undefined) => Sight, undefined);
}

export function untilVerdict(tab: Tab, kind: Sight["verdict"]["kind"]): Promise<unknown> {
  return until(`the verdict "${kind}"`, async () => (await look(tab)).verdict.kind === kind, 15_000);
}

export function click(tab: Tab, selector: string): Promise<void> {
  return tab.evaluate((wanted) => document.querySelector<HTMLElement>(wanted)?.click(), selector);
}

export function textOf(tab: Tab, selector: string): Promise<string> {
  return tab.evaluate((wanted) => document.querySelector(wanted)?.textContent ?? "", selector);
}

export function attributeOf(tab: Tab, selector: string, name: string): Promise<string | null> {
  return tab.evaluate(([wanted, of]) => document.querySelector(wanted)?.getAttribute(of) ?? null, [
    selector,
    name,
  ] as const);
}
