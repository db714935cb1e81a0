/**
 * Measures the time from importing the package to the first state, in pages that Chromium opens for the first time: each in a fresh
 * profile, with nothing cached. The entries of the package take turns. Prints a line for each entry and part, with the milliseconds of
 * each page, separated by tabs.
 *
 *     node cold.js PACKAGE FOLDER PAGES
 *
 * The folder is for the pages, which Vite builds as a user would.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Browser } from "puppeteer-core";
import { build } from "vite";

import { startBrowser } from "./browser.js";
import { serve } from "./serve.js";

const [folder = "", pages = "", count = ""] = process.argv.slice(2);

/** The parts of the time, all in milliseconds. */
interface Cold {
  /** All of it. */
  readonly total: number;
  /** Until the program was fetched, compiled and run. */
  readonly program: number;
  /** While the WebAssembly file was fetched. */
  readonly file: number;
  /** While WebAssembly was compiled and instantiated. */
  readonly compile: number;
}

const ENTRIES: Readonly<Record<string, string>> = {
  tickseed: "index.js",
  "tickseed/inline": "inline.js",
  "tickseed/js": "js.js",
};

/** A page measures itself. It also uses `connect`, so that the program is as large as that of a real page. */
const program = (entry: string): string => `
  const { instantiate } = WebAssembly;
  let compile = 0;
  WebAssembly.instantiate = async (...source) => {
    const began = performance.now();
    try { return await instantiate(...source); } finally { compile += performance.now() - began; }
  };
  const measured = async () => {
    const began = performance.now();
    const { connect, loadEngine, Timeline } = await import(${JSON.stringify(join(folder, "dist", entry))});
    const imported = performance.now();
    await loadEngine();
    new Timeline({ seed: "550e8400-e29b-41d4-a716-446655440000", start_at: 0, tick_ms: 1 }).state(1_000_000);
    const total = performance.now() - began;
    globalThis.connect = connect;
    const files = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".wasm"));
    const file = files.reduce((sum, { duration }) => sum + duration, 0);
    return { total, program: imported - began, file, compile };
  };
  globalThis.cold = measured().catch((error) => ({ error: String(error) }));
`;

async function main(): Promise<void> {
  const names = Object.keys(ENTRIES);
  for (const name of names) {
    await buildPage(name);
  }
  const browser = await startBrowser();
  const measured = new Map<string, Cold[]>(names.map((name) => [name, []]));
  try {
    for (let page = 1; page <= Number(count); page++) {
      process.stderr.write(`\rpage ${page} of ${count}`);
      for (const [name, its] of measured) {
        its.push(await open(browser, name));
      }
    }
  } finally {
    await browser.close();
  }
  process.stderr.write("\n");
  process.stdout.write([...measured].map(([name, its]) => linesOf(name, its)).join(""));
}

function folderOf(name: string): string {
  return join(pages, name.replace("/", "-"));
}

async function buildPage(name: string): Promise<void> {
  const root = folderOf(name);
  await mkdir(root, { recursive: true });
  await writeFile(
    join(root, "index.html"),
    '<!doctype html><title>cold</title><script type="module" src="/main.js"></script>',
  );
  await writeFile(join(root, "main.js"), program(ENTRIES[name] ?? ""));
  await build({ root, logLevel: "error", build: { emptyOutDir: true } });
}

/** Opens a page in a profile of its own, from a server of its own, so that nothing is cached. */
async function open(browser: Browser, name: string): Promise<Cold> {
  const built = join(folderOf(name), "dist");
  const server = await serve({
    page: await readFile(join(built, "index.html"), "utf8"),
    folders: { assets: join(built, "assets") },
  });
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.goto(server.address);
    const cold = (await page.evaluate(() => (globalThis as { cold?: unknown }).cold)) as Cold & {
      error?: string;
    };
    if (cold.error !== undefined) {
      throw new Error(`the page with ${name} says: ${cold.error}`);
    }
    return cold;
  } finally {
    await context.close();
    server.close();
  }
}

function linesOf(name: string, measured: readonly Cold[]): string {
  const parts = ["total", "program", "file", "compile"] as const;
  return parts
    .map((part) => `${[name, part, ...measured.map((cold) => cold[part].toFixed(3))].join("\t")}\n`)
    .join("");
}

await main();
