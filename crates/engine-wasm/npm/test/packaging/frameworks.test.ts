/** Tiny apps of each framework, built with Vite. */
import { cpSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { launch } from "./browser.js";
import { install, type Project } from "./installed.js";
import { build, VITE } from "./pages.js";
import { SESSION_PATH, STOPPED, serve } from "./served.js";
import { node, reactPackages } from "./tools.js";
import { typedSolid, typedStore, typedSvelte, typedVue } from "./typed-frameworks.js";

/** What every app shows of the stopped session. */
const SHOWN = '[{"step":2970,"value":49,"round":14,"broken":false},true]';
const PATIENCE_MS = 20_000;
const TOOLS = fileURLToPath(new URL("framework-tools/node_modules", import.meta.url));

const TYPES = {
  target: "ES2022",
  lib: ["ES2022", "DOM"],
  module: "ESNext",
  moduleResolution: "bundler",
  strict: true,
  exactOptionalPropertyTypes: true,
  // Not all types of the frameworks pass.
  skipLibCheck: true,
  noEmit: true,
  types: [],
};

let browser: Browser;
let project: Project;

beforeAll(async () => {
  [browser, project] = await Promise.all([launch(), install()]);
  linkTools();
});

afterAll(async () => {
  await browser?.close();
  project?.remove();
});

/** Copies an app into the project. */
function copy(app: string): void {
  const source = fileURLToPath(new URL(`apps/${app}`, import.meta.url));
  cpSync(source, `${project.folder}/${app}`, { recursive: true });
}

/** Writes the page of an app: its address, and what a server has rendered. */
function writePage(app: string, script: string, rendered = "", record = ""): void {
  const data = `data-address="${SESSION_PATH}" data-record="${record.replaceAll('"', "&quot;")}"`;
  const body = `<body ${data}><div id="app">${rendered}</div><script type="module" src="/${script}"></script></body>`;
  project.write(`${app}/index.html`, `<!doctype html><html lang="en">${body}</html>`);
}

/** Waits until the built page shows the stopped session. Throws if anything fails in the page. */
async function expectShown(app: string): Promise<void> {
  const served = await serve(`${project.folder}/${app}/dist`);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  try {
    await page.goto(served.url);
    await page.locator("p", { hasText: SHOWN }).waitFor({ timeout: PATIENCE_MS });
    expect(complaints.filter((text) => !(text.includes("favicon") || text.includes("404")))).toEqual([]);
  } finally {
    await page.close();
    await served.stop();
  }
}

/** Links the frameworks and the plugins of Vite. */
function linkTools(): void {
  const manifest = readFileSync(new URL("framework-tools/package.json", import.meta.url), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    if (!existsSync(`${TOOLS}/${name}`)) {
      throw new Error(`${name} is missing; run scripts/install-tools --tests in the repository's root`);
    }
    project.link(name, `${TOOLS}/${name}`);
  }
}

describe.each([
  ["vue", "main.js"],
  ["svelte", "main.js"],
  ["solid", "main.jsx"],
])("an app with %s", (app, script) => {
  it("shows a session", async () => {
    copy(app);
    writePage(app, script);
    await build(project, app, [`${TOOLS}/.bin/vite`, ...VITE.slice(1)]);
    await expectShown(app);
  });
});

it("the types of the store, and for Vue, Svelte and Solid, suit strict programs", async () => {
  const files = {
    "store.ts": typedStore,
    "vue.ts": typedVue,
    "svelte.ts": typedSvelte,
    "solid.ts": typedSolid,
  };
  for (const [file, text] of Object.entries(files)) {
    project.write(`typed/${file}`, text);
  }
  project.write("typed/tsconfig.json", JSON.stringify({ compilerOptions: TYPES, files: Object.keys(files) }));
  expect(await project.run("tsc", "-p", "typed/tsconfig.json")).toBe("");
});

describe("an app with React that a server renders", () => {
  it("goes on in the browser from what the server has rendered", async () => {
    for (const [name, folder] of Object.entries(reactPackages(19))) {
      project.link(name, folder);
    }
    copy("react-ssr");
    const record = JSON.stringify(STOPPED);
    const rendered = await project.run(node(20), "react-ssr/server.js", SESSION_PATH, record);
    expect(rendered).toBe("<p>stopped</p>");
    writePage("react-ssr", "main.js", rendered, record);
    await build(project, "react-ssr", VITE);
    await expectShown("react-ssr");
  });

  it("keeps its components out of server components", () => {
    expect(project.read("node_modules/tickseed/dist/react.js").toString()).toMatch(/^"use client";\n/);
  });
});
