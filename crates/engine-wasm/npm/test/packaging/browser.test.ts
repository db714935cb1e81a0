import { createServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { serve, textOf } from "./browser.js";
import { install, type Project } from "./installed.js";
import { ANSWER, PAGE, PROGRAM, SHOW } from "./programs.js";

const CSP = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

describe("in a browser, a page shows the right answer", () => {
  let project: Project;

  beforeAll(() => {
    project = install();
    project.write("index.html", PAGE(""));
    project.write("main.js", PROGRAM + SHOW);
  });

  afterAll(() => project.remove());

  it("built with Vite, under a strict content security policy", async () => {
    project.run("vite", "build", ".", "--logLevel", "warn");
    const { url, stop } = await serve(`${project.folder}/dist`, CSP);
    expect(await textOf(url)).toBe(ANSWER);
    await stop();
  });

  it("served by Vite while it is being written", async () => {
    const server = await createServer({ root: project.folder, configFile: false, logLevel: "error" });
    await server.listen();
    expect(await textOf(server.resolvedUrls?.local[0] ?? "")).toBe(ANSWER);
    await server.close();
  });

  it("without a bundler", async () => {
    const imports = { tickseed: "/node_modules/tickseed/dist/index.js" };
    project.write("index.html", PAGE(`<script type="importmap">${JSON.stringify({ imports })}</script>`));
    const { url, stop } = await serve(project.folder, {});
    expect(await textOf(url)).toBe(ANSWER);
    await stop();
  });
});
