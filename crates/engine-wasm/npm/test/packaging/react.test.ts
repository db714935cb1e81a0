import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { launch } from "./browser.js";
import { install, type Project } from "./installed.js";
import { build, show, VITE } from "./pages.js";
import { PAGE } from "./programs.js";
import { SESSION_PATH } from "./served.js";
import { node, reactPackages } from "./tools.js";
import { reactPage } from "./typed.js";

/** The display of the stopped session. */
const SHOWN = '[{"step":2970,"value":49,"round":14,"broken":false},true]';

const SERVER = `
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { useSession } from "tickseed/react";

const Counter = () => createElement("p", null, useSession("https://ticks.example").state?.value ?? "not yet");
process.stdout.write(renderToString(createElement(Counter)));
`;

const OPTIONS = {
  target: "ES2022",
  lib: ["ES2022", "DOM"],
  module: "ESNext",
  moduleResolution: "bundler",
  jsx: "react-jsx",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  types: [],
};

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

describe.each([18, 19] as const)("with React %d", (major) => {
  let project: Project;

  beforeAll(async () => {
    project = await install();
    for (const [name, folder] of Object.entries(reactPackages(major))) {
      project.link(name, folder);
    }
    project.write("index.html", PAGE("/main.tsx"));
    project.write("main.tsx", reactPage(SESSION_PATH));
    project.write("tsconfig.json", JSON.stringify({ compilerOptions: OPTIONS, files: ["main.tsx"] }));
  });

  afterAll(() => project?.remove());

  it("the types suit a strict program", async () => {
    expect(await project.run("tsc", "-p", "tsconfig.json")).toBe("");
  });

  it("a page built with Vite shows a session", async () => {
    expect(await build(project, ".", VITE)).toHaveLength(1);
    expect(await show(browser, `${project.folder}/dist`)).toBe(SHOWN);
  });

  it("Node.js renders a page that is not connected", async () => {
    project.write("server.mjs", SERVER);
    expect(await project.run(node(20), "server.mjs")).toBe("<p>not yet</p>");
  });
});
