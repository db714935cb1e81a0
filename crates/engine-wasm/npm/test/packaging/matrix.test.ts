import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { launch } from "./browser.js";
import { install, type Project } from "./installed.js";
import { PAGES } from "./pages.js";
import { ANSWER, type Entry, type Source } from "./programs.js";
import { RUNTIMES } from "./runtimes.js";
import type { Way } from "./ways.js";

const ROOT: Entry = { name: "tickseed", isLive: true, isInline: false };
const ENGINE: Entry = { name: "tickseed/engine", isLive: false, isInline: false };
const INLINE: Entry = { name: "tickseed/inline", isLive: true, isInline: true };
const INLINE_ENGINE: Entry = { name: "tickseed/inline", isLive: false, isInline: true };

const FOUND: Source = { prepare: "", file: "" };

let project: Project;
let browser: Browser;
let trials = 0;

beforeAll(async () => {
  [project, browser] = await Promise.all([install(), launch()]);
});

afterAll(async () => {
  project?.remove();
  await browser?.close();
});

for (const way of [...RUNTIMES, ...PAGES]) {
  describe(`the right answer comes from ${way.name}, with`, () => {
    if (way.findsFile) {
      it("tickseed", () => attempt(way, ROOT, FOUND));
      it("tickseed/engine", () => attempt(way, ENGINE, FOUND));
    }
    it("tickseed/inline", () => attempt(way, INLINE, FOUND));
    it("the engine alone of tickseed/inline", () => attempt(way, INLINE_ENGINE, FOUND));
    it("tickseed and tickseed/tickseed_bg.wasm", () => attempt(way, ROOT, way.own));
    it("tickseed/engine and tickseed/tickseed_bg.wasm", () => attempt(way, ENGINE, way.own));
  });
}

async function attempt(way: Way, entry: Entry, source: Source): Promise<void> {
  trials += 1;
  const { output, files } = await way.run({ project, browser, folder: `trial-${trials}`, entry, source });
  expect(output).toBe(ANSWER);
  if (files !== undefined && !entry.isInline) {
    const original = project.read("node_modules/tickseed/generated/tickseed_bg.wasm");
    expect(files).toHaveLength(1);
    expect(files.every((file) => project.read(file).equals(original))).toBe(true);
  }
}
