/**
 * Runs a driver and the npm package in a browser.
 *
 *     node browser.js chromium|firefox PROGRAM DRIVER ...
 *
 * The other arguments are those of `report`.
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

/** The folders that the page loads files from: its own code and the package. */
const FOLDERS: Record<string, string> = {
  hosts: fileURLToPath(new URL(".", import.meta.url)),
  package: fileURLToPath(new URL("..", import.meta.resolve("tickseed/tickseed_bg.wasm"))),
};
/** An import map resolves the package, as in any page without a bundler. */
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
  // Tests run as root in containers, where Chromium's sandbox cannot start.
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
  const [, folder = "", ...parts] = posix.normalize(path).split("/");
  const file = path === "/driver.wasm" ? driver : `${FOLDERS[folder]}/${parts.join("/")}`;
  return { type: TYPES[extname(file)] ?? "text/plain", body: await readFile(file) };
}

/** Returns a driver that forwards every call to the driver in the page. */
function driverOf(page: Page): Driver {
  const call = <Name extends keyof Driver>(method: Name, ...numbers: number[]) =>
    page.evaluate(
      (method, numbers) =>
        (globalThis.driver as unknown as Record<string, (...n: number[]) => unknown>)[method]?.(...numbers),
      method,
      numbers,
    ) as Promise<Awaited<ReturnType<Driver[Name]>>>;
  return {
    build: () => call("build"),
    version: () => call("version"),
    start: (order) => call("start", order),
    advance: (states) => call("advance", states),
    finish: () => call("finish"),
    describe: (order, state) => call("describe", order, state),
  };
}

await main();
