/**
 * Measures the cases in Chromium. Takes the same arguments as in-node.js and prints the same lines.
 *
 *     node in-chromium.js PACKAGE ROUNDS
 */
import { fileURLToPath } from "node:url";

import { startBrowser } from "./browser.js";
import { lines, TURN_MS, told } from "./lines.js";
import type { Measured } from "./measure.js";
import { serve } from "./serve.js";

const [folder = "", rounds = ""] = process.argv.slice(2);
const effort = { rounds: Number(rounds), turnMs: TURN_MS };
const server = await serve({
  page: '<!doctype html><title>costs</title><script type="module" src="/program/bench/page.js"></script>',
  folders: { package: folder, program: fileURLToPath(new URL("..", import.meta.url)) },
});
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => process.stderr.write(`\nthe page says: ${error}\n`));
  await page.exposeFunction("began", told("Chromium", effort.rounds));
  await page.goto(server.address);
  await page.waitForFunction(() => globalThis.measureCases !== undefined);
  const measured = await page.evaluate((its) => globalThis.measureCases?.(its), effort);
  process.stdout.write(lines(measured as Measured[]));
} finally {
  await browser.close();
  server.close();
}
