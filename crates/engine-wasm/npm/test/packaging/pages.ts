/** Pages in a browser, with bundlers and without. */
import { existsSync, readdirSync } from "node:fs";
import type { Browser } from "playwright-core";
import { createServer } from "vite";

import { textOf } from "./browser.js";
import type { Project } from "./installed.js";
import { type Kind, PAGE, program, SHOW_IN_PAGE, type Source } from "./programs.js";
import { SESSION_PATH, serve } from "./served.js";
import { tool } from "./tools.js";
import type { Outcome, Trial, Way } from "./ways.js";

/** The strictest policy that the package works with. */
const POLICY = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

export const PAGES: readonly Way[] = [
  {
    name: "a page built with Vite",
    own: ownFile(`import file from "tickseed/tickseed_bg.wasm?url";`),
    findsFile: true,
    run: (trial) => builtPage(trial, "/main.js", VITE),
  },
  {
    name: "a page from Vite's development server",
    own: ownFile(`import file from "tickseed/tickseed_bg.wasm?url";`),
    findsFile: true,
    run: servedByVite,
  },
  {
    name: "a page built with webpack",
    own: ownFile(`const file = new URL("tickseed/tickseed_bg.wasm", import.meta.url);`),
    findsFile: true,
    run: (trial) => builtPage(trial, "main.js", [tool("webpack"), "./main.js", "--mode=production"]),
  },
  {
    name: "a page built with esbuild",
    own: ownFile(`import file from "tickseed/tickseed_bg.wasm";`),
    // It leaves new URL("...", import.meta.url) unchanged.
    findsFile: false,
    run: (trial) => builtPage(trial, "main.js", esbuild()),
  },
  {
    name: "a page without a bundler",
    own: ownFile(`const file = "/node_modules/tickseed/generated/tickseed_bg.wasm";`),
    findsFile: true,
    run: unbundledPage,
  },
];

function ownFile(prepare: string): Source {
  return { prepare, file: "file" };
}

/** A bundler's command, which writes the folder `dist`. */
type Bundler = readonly [string, ...string[]];

export const VITE: Bundler = ["vite", "build", "--logLevel", "warn"];

function esbuild(): Bundler {
  return [tool("esbuild"), "main.js", "--bundle", "--format=esm", "--outdir=dist", "--loader:.wasm=file"];
}

async function builtPage(trial: Trial, script: string, bundler: Bundler): Promise<Outcome> {
  writePage(trial, script, trial.entry.name);
  const files = await build(trial.project, trial.folder, bundler);
  const dist = `${trial.folder}/dist`;
  // Not every bundler writes pages.
  if (!existsSync(`${trial.project.folder}/${dist}/index.html`)) {
    trial.project.write(`${dist}/index.html`, PAGE(script));
  }
  return { output: await show(trial.browser, `${trial.project.folder}/${dist}`), files };
}

/** Builds the contents of a folder. Returns the resulting WebAssembly files. */
export async function build(project: Project, folder: string, bundler: Bundler): Promise<string[]> {
  const [runs, ...options] = bundler;
  await project.runIn(folder, runs, ...options);
  const files = readdirSync(`${project.folder}/${folder}/dist`, { recursive: true }) as string[];
  return files.filter((file) => file.endsWith(".wasm")).map((file) => `${folder}/dist/${file}`);
}

/** Returns what the page in a folder shows under the strict policy. */
export async function show(browser: Browser, folder: string, path = "/"): Promise<string> {
  const served = await serve(folder, POLICY);
  const text = await textOf(browser, served.url + path);
  await served.stop();
  return text;
}

async function servedByVite(trial: Trial): Promise<Outcome> {
  const folder = `${trial.project.folder}/${trial.folder}`;
  writePage(trial, "/main.js", trial.entry.name);
  const tickseed = await serve(folder);
  const server = await createServer({
    root: folder,
    cacheDir: `${folder}/.vite`,
    configFile: false,
    logLevel: "error",
    server: { proxy: { "/v1": tickseed.url } },
  });
  await server.listen();
  const output = await textOf(trial.browser, server.resolvedUrls?.local[0] ?? "");
  await server.close();
  await tickseed.stop();
  return { output };
}

/** Imports the file of the entry, because neither a bundler nor an import map resolves its name. */
async function unbundledPage(trial: Trial): Promise<Outcome> {
  const { project, folder, entry } = trial;
  const manifest = project.read("node_modules/tickseed/package.json").toString();
  const { exports } = JSON.parse(manifest) as { exports: Record<string, { default: string }> };
  const file = exports[entry.name.replace("tickseed", ".")]?.default;
  writePage(trial, "main.js", `../node_modules/tickseed/${file}`);
  return { output: await show(trial.browser, project.folder, `/${folder}/`) };
}

function writePage({ project, folder, entry, source }: Trial, script: string, from: string): void {
  const kind: Kind = { syntax: "import", entry, from, source, address: SESSION_PATH, show: SHOW_IN_PAGE };
  project.write(`${folder}/index.html`, PAGE(script));
  project.write(`${folder}/main.js`, program(kind));
}
