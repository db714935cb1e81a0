/**
 * Every program that the texts show is checked by the compiler and runs: those of the READMEs, and those in the doc comments. A
 * program is shown without what is around it, so `snippets/names.ts` lists what it may use without declaring it.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";

import type { Platform } from "../src/platform.js";
import { snippets } from "./snippets/extract.js";
import { moduleOf } from "./snippets/module.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = mkdtempSync(join(PACKAGE, ".snippets-"));
const SNIPPETS = snippets().map((snippet, index) => ({
  ...snippet,
  file: join(FOLDER, `${index}.${snippet.language}`),
}));

/** The world of the program that runs: programs name no platform. */
declare global {
  var snippetWorld: { readonly platform: Platform };
}

vi.mock("../src/platform.js", async (original) => {
  const real = await original<typeof import("../src/platform.js")>();
  const platform: typeof real.platform = (overrides, ...others) =>
    real.platform({ ...globalThis.snippetWorld.platform, ...overrides }, ...others);
  return { ...real, platform };
});

beforeAll(() => {
  for (const snippet of SNIPPETS) {
    writeFileSync(snippet.file, moduleOf(snippet));
  }
  const compilerOptions = { jsx: "react-jsx", noUnusedLocals: false, noUnusedParameters: false };
  const settings = { extends: "../tsconfig.json", compilerOptions, include: ["*"] };
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(settings));
});

// Each program gets an engine, a world and clocks of its own.
beforeEach(() => vi.resetModules());

afterAll(() => rmSync(FOLDER, { recursive: true }));

it("the texts show programs of every kind", () => {
  for (const part of ["README.md", "crates/engine-wasm/npm/README.md", "crates/engine-wasm/npm/src/"]) {
    expect(SNIPPETS.filter(({ title }) => title.startsWith(part)).length, part).toBeGreaterThan(0);
  }
  expect(SNIPPETS.length).toBeGreaterThan(20);
});

it("the compiler accepts all programs", () => {
  const compiler = join(PACKAGE, "node_modules/.bin/tsc");
  try {
    execFileSync(compiler, ["--project", FOLDER], { encoding: "utf8" });
  } catch (error) {
    const { stdout } = error as { readonly stdout: string };
    const titled = stdout.replace(
      /^\S*?(\d+)\.tsx?\(/gm,
      (found, index) => `${SNIPPETS[index]?.title}: ${found}`,
    );
    expect.unreachable(titled);
  }
});

it.each(SNIPPETS.map(({ title, file }) => [title, file]))("the program at %s runs", async (_title, file) => {
  const { run } = (await import(/* @vite-ignore */ file)) as { run(): Promise<void> };
  await run();
});
