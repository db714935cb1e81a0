/** Pictures of the page. scripts/picture makes them. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { test } from "vitest";

import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { button, look, untilVerdict, visit } from "../browser/browser.js";
import { ARTIFACTS } from "../browser/prerequisites.js";
import { stage } from "../browser/stage.js";

const on = stage();
const DOCS = resolve(fileURLToPath(new URL("../../../docs/pictures", import.meta.url)));
const OTHERS = join(ARTIFACTS, "pictures");
const DESKTOP = { viewport: { width: 1280, height: 1262 }, deviceScaleFactor: 1 };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true };
/** The same rounds in every picture. */
const SESSION = { tick_ms: 100, seed: "picture", rules: { break_interval: { min: 30, max: 80 } } };

test.each<readonly [string, string, BrowserContextOptions, string]>([
  ["light", join(DOCS, "page-light.png"), { ...DESKTOP, colorScheme: "light" }, ""],
  ["dark", join(DOCS, "page-dark.png"), { ...DESKTOP, colorScheme: "dark" }, ""],
  ["red", join(OTHERS, "red.png"), { ...DESKTOP, colorScheme: "light" }, "&fault=rules"],
  ["red-dark", join(OTHERS, "red-dark.png"), { ...DESKTOP, colorScheme: "dark" }, "&fault=clock"],
  ["phone", join(OTHERS, "phone.png"), { ...PHONE, colorScheme: "light" }, ""],
  ["phone-dark-red", join(OTHERS, "phone-dark-red.png"), { ...PHONE, colorScheme: "dark" }, "&fault=seed"],
])("a picture: %s", async (name, path, options, query) => {
  mkdirSync(DOCS, { recursive: true });
  mkdirSync(OTHERS, { recursive: true });
  const { id } = await on.server.create({
    ...SESSION,
    start_at: new Date(Date.now() - 90_000).toISOString(),
  });
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}${query}`, options);
  await untilVerdict(page, query === "" ? "agree" : "disagree", 20_000);
  if (query === "") {
    await disturb(page);
  }
  await until(
    "a value to look at",
    async () => {
      const { cards } = await look(page);
      const values = new Set(cards.filter(({ isWrong }) => !isWrong).map(({ value }) => value));
      return values.size === 1 && (cards[0]?.value ?? 0) > 20;
    },
    20_000,
  );
  await page.screenshot({ path, fullPage: name.startsWith("phone") });
  await page.screenshot({ path: join(OTHERS, `${name}-whole.png`), fullPage: true });
});

/** A visitor has begun to try things out. */
async function disturb(page: Page): Promise<void> {
  await button(page, "anna", "clock").click();
  await button(page, "chloe", "unplug").click();
  await page.mouse.move(5, 5);
  await until(
    "ten seconds",
    async () => /first 1\d s/.test((await page.textContent(".proof")) ?? ""),
    20_000,
  );
  await until("a quiet verdict", async () => {
    const { verdict, cards } = await look(page);
    return verdict.kind === "agree" && cards.every(({ errorMs }) => errorMs < 100);
  });
}
