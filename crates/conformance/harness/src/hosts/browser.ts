/**
 * Runs a driver over the npm package in a browser.
 *
 *     node browser.js chromium|firefox PROGRAM DRIVER   then as `report` says
 */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, posix } from "node:path";
import { fileURLToPath } from "node:url";

import { type Browser, launch, type Page } from "puppeteer-core";

import type { Driver } from "./driver.js";
import { report } from "./report.js";
import { STREAMS } from "./streams.js";

const [name = "", program = "", driver = "", ...rest] = process.argv.slice(2);

/** Where what the page asks for lies: its own code, the package, and the driver. */
const FOLDERS: Record<string, string> = {
  hosts: fileURLToPath(new URL(".", import.meta.url)),
  package: fileURLToPath(new URL("..", import.meta.resolve("tickseed/tickseed_bg.wasm"))),
};
/** The package's names are told to the page, as a page without a bundler does it. */
const PAGE = `<!doctype html><title>digest</title>
<script type="importmap">{"imports": {"tickseed/engine": "/package/dist/engine.js"}}</script>
<script type="module" src="/hosts/page.js" onerror="failure = 'a file is missing'"></script>`;
const TYPES: Record<string, string> = { ".js": "text/javascript", ".wasm": "application/wasm" };
const HOUR = 3_600_000;

async function main(): Promise<void> {
  const server = await serve();
  const browser = await start();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => globalThis.driver !== undefined || globalThis.failure !== undefined);
    const failure = await page.evaluate(() => globalThis.failure);
    if (failure !== undefined) {
      throw new Error(`the page could not load the package: ${failure}`);
    }
    await report(driverOf(page), rest, STREAMS);
  } finally {
    await browser.close();
    server.close();
  }
}

function start(): Promise<Browser> {
  const common = { executablePath: program, protocolTimeout: HOUR };
  if (name === "firefox") {
    return launch({ ...common, browser: "firefox" });
  }
  // Tests run as root in containers, where Chromium's own sandbox cannot start.
  return launch({ ...common, args: ["--no-sandbox", "--disable-gpu"] });
}

async function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    answer(new URL(request.url ?? "/", "http://localhost").pathname).then(
      ({ type, body }) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

async function answer(path: string): Promise<{ type: string; body: string | Buffer }> {
  if (path === "/") {
    return { type: "text/html", body: PAGE };
  }
  const [, folder = "", ...file] = posix.normalize(path).split("/");
  const place = path === "/driver.wasm" ? driver : `${FOLDERS[folder]}/${file.join("/")}`;
  return { type: TYPES[extname(place)] ?? "text/plain", body: await readFile(place) };
}

/** The page's driver, asked from here. */
function driverOf(page: Page): Driver {
  const ask = <Name extends keyof Driver>(what: Name, ...numbers: number[]) =>
    page.evaluate(
      (what, numbers) =>
        (globalThis.driver as unknown as Record<string, (...n: number[]) => unknown>)[what]?.(...numbers),
      what,
      numbers,
    ) as Promise<Awaited<ReturnType<Driver[Name]>>>;
  return {
    build: () => ask("build"),
    version: () => ask("version"),
    start: (order) => ask("start", order),
    advance: (states) => ask("advance", states),
    finish: () => ask("finish"),
    describe: (order, state) => ask("describe", order, state),
  };
}

await main();
