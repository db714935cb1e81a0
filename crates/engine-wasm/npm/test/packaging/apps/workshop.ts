/** A folder outside this repository for the apps. Those with the same tools use the same folder, one after another. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Browser } from "playwright-core";

import { launch } from "../browser.js";
import { pack } from "../installed.js";
import { node, toolsFolder } from "../tools.js";
import type { App } from "./app.js";
import { type Place, run } from "./execute.js";

export interface Workshop {
  readonly browser: Browser;
  /** Returns the folder of an app, with its files, its tools and the package. */
  place(app: App, port: number, fill: (text: string) => string): Promise<Place>;
  /** Removes everything. */
  close(): Promise<void>;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), "tickseed-apps-"));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.on("exit", remove);
  // Electron, unlike Chromium, lets a page from disk load scripts from disk.
  const [browser, tarball] = await Promise.all([launch("--allow-file-access-from-files"), pack(folder)]);
  return {
    browser,
    async place(app, port, fill) {
      const place = { folder: join(folder, app.tools), env: environment(app, join(folder, app.tools), port) };
      if (existsSync(place.folder)) {
        removeApp(place.folder);
      } else {
        await install(app.tools, tarball, place);
      }
      writeApp(app, place.folder, fill);
      return place;
    },
    async close() {
      await browser.close();
      remove();
    },
  };
}

/** Vitest, npm and other programs around this one set variables that change what tools do. */
function environment({ node: major = 20 }: App, folder: string, port: number): NodeJS.ProcessEnv {
  const { HOME, LANG, PATH = "", TMPDIR } = process.env;
  const programs = [dirname(node(major)), join(folder, "node_modules/.bin"), PATH].join(delimiter);
  const quiet = { CI: "1", NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", WRANGLER_SEND_METRICS: "false" };
  return {
    ...quiet,
    HOME,
    LANG,
    TMPDIR,
    PATH: programs,
    PORT: `${port}`,
    HOST: "127.0.0.1",
    XDG_CONFIG_HOME: folder,
  };
}

/** Makes a folder with the tools and the package. Some tools refuse links to folders, so each file is linked. */
async function install(name: string, tarball: string, place: Place): Promise<void> {
  const tools = join(toolsFolder(name), "node_modules");
  mkdirSync(place.folder, { recursive: true });
  try {
    await run(["cp", "-al", tools, "node_modules"], place);
  } catch {
    // Files cannot be linked across file systems.
    rmSync(join(place.folder, "node_modules"), { recursive: true, force: true });
    cpSync(tools, join(place.folder, "node_modules"), { recursive: true, verbatimSymlinks: true });
  }
  mkdirSync(join(place.folder, "node_modules/tickseed"));
  await run(["tar", "-xzf", tarball, "-C", "node_modules/tickseed", "--strip-components=1"], place);
}

/** Where tools keep what they could use again, which could hide a fault. */
const CACHES = [".cache", ".vite", ".vite-temp"];

function removeApp(folder: string): void {
  const files = readdirSync(folder).filter((file) => file !== "node_modules");
  for (const file of [...files, ...CACHES.map((cache) => join("node_modules", cache))]) {
    rmSync(join(folder, file), { recursive: true, force: true, maxRetries: 5 });
  }
}

const MANIFEST = { name: "app", private: true, type: "module", dependencies: { tickseed: "*" } };

function writeApp(app: App, folder: string, fill: (text: string) => string): void {
  const files = { "package.json": JSON.stringify(MANIFEST), ...app.files };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), fill(text));
  }
}
