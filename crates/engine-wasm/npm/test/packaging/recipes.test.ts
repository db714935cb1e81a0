/** The recipes, built and run as their READMEs say. */
import { cpSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { loadEngine, Timeline } from "../../src/index.js";
import { launch } from "./browser.js";
import { install, type Project } from "./installed.js";
import { build, VITE } from "./pages.js";
import { serveRunning } from "./running.js";
import { SESSION_PATH, type Served, STOPPED, serve } from "./served.js";
import { node } from "./tools.js";

const RECIPES = fileURLToPath(new URL("../../../../../recipes", import.meta.url));
const PLACES = ["../../node_modules", "recipe-tools/node_modules"];
/** The last step of the stopped session. */
const LAST_STEP = 2_970;
const PATIENCE_MS = 20_000;

let browser: Browser;
let project: Project;

beforeAll(async () => {
  [browser, project] = await Promise.all([launch(), install()]);
  await loadEngine();
});

afterAll(async () => {
  await browser?.close();
  project?.remove();
});

/** Copies a recipe into the project, with the packages that it asks for. */
function copy(recipe: string): void {
  cpSync(`${RECIPES}/${recipe}`, `${project.folder}/${recipe}`, { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(`${RECIPES}/${recipe}/package.json`, "utf8")) as {
    readonly dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies).filter((name) => name !== "tickseed")) {
    project.link(name, folderOf(name));
  }
}

function folderOf(name: string): string {
  const folders = PLACES.map((place) => fileURLToPath(new URL(`${place}/${name}`, import.meta.url)));
  const found = folders.find(existsSync);
  if (found === undefined) {
    throw new Error(`${name} is missing; run scripts/install-tools --tests in the repository's root`);
  }
  return found;
}

/** Imports a module of a recipe. */
function rules<Module>(path: string): Promise<Module> {
  return import(/* @vite-ignore */ pathToFileURL(`${RECIPES}/${path}`).href) as Promise<Module>;
}

/** Builds a recipe and opens its page with the stopped session. */
async function open(recipe: string): Promise<{ page: Page; served: Served; failures: string[] }> {
  copy(recipe);
  await build(project, recipe, VITE);
  const served = await serve(`${project.folder}/${recipe}/dist`);
  const page = await browser.newPage();
  const failures: string[] = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  await page.goto(`${served.url}/?session=${encodeURIComponent(served.url + SESSION_PATH)}`);
  return { page, served, failures };
}

/** Opens a recipe's page, lets a test look at it, and closes it. Throws if anything failed in the page. */
async function inPage(recipe: string, look: (page: Page) => Promise<void>): Promise<void> {
  const { page, served, failures } = await open(recipe);
  try {
    await look(page);
    expect(failures).toEqual([]);
  } catch (error) {
    throw new Error(`${error}\nErrors of the page: ${failures.join("\n")}`, { cause: error });
  } finally {
    await page.close();
    await served.stop();
  }
}

describe("the canvas", () => {
  it("shows the counter", () =>
    inPage("canvas", async (page) => {
      await page.getByRole("img", { name: "49, stopped" }).waitFor({ timeout: PATIENCE_MS });
    }));
});

describe("the bot", () => {
  it("acts at every break until the session stops", async () => {
    copy("node-bot");
    const session = await serveRunning(4_000);
    const output = await project.run(node(20), "node-bot/bot.js", session.address);
    session.close();
    const breaks = [...output.matchAll(/break at step (\d+): round (\d+) .* rolled [1-6]$/gm)];
    const rounds = breaks.map(([, , round]) => Number(round));
    expect(rounds.length).toBeGreaterThan(3);
    expect(rounds).toEqual(rounds.map((_, index) => (rounds[0] ?? 0) + index));
    expect(output).toMatch(/^connected: running, step \d+$/m);
    expect(output).toMatch(/^stopped at step \d+$/m);
  });
});

describe("the game in React", () => {
  it("shows the last rounds, and what everyone can foresee", () =>
    inPage("react-crash", async (page) => {
      const { crashOf } = await rules<{ crashOf(round: unknown): number }>("react-crash/crash.js");
      const timeline = new Timeline(STOPPED);
      const { round, firstStep } = timeline.roundOf(LAST_STEP);
      await page.getByText("The game is over.").waitFor({ timeout: PATIENCE_MS });
      const last = crashOf(timeline.roundOf(firstStep - 1)).toFixed(2);
      expect(await page.locator("li").last().textContent()).toBe(`${last}×`);
      expect(await page.locator("li").count()).toBe(Math.min(round, 8));
      await page.getByRole("button", { name: "Foresee" }).click();
      const next = crashOf(timeline.roundOf(LAST_STEP)).toFixed(2);
      await page.getByText(`It crashes at ${next}×.`).waitFor({ timeout: PATIENCE_MS });
      timeline.free();
    }));
});

describe("the spawner", () => {
  type Spawner = {
    readonly CROSSING_STEPS: number;
    enemiesAt(timeline: Timeline, step: number, fraction?: number): { id: number; progress: number }[];
  };

  it("lets everyone see the same enemies at any moment, each for its time", async () => {
    const { CROSSING_STEPS, enemiesAt } = await rules<Spawner>("phaser-spawner/spawner.js");
    using timeline = new Timeline(STOPPED);
    const seen = Array.from({ length: 300 }, (_, step) => enemiesAt(timeline, step, 0.5));
    const ids = new Set(seen.flat().map(({ id }) => id));
    expect(ids.size).toBeGreaterThan(20);
    for (const id of [...ids].filter((id) => id + CROSSING_STEPS < 300)) {
      expect(seen.filter((enemies) => enemies.some((enemy) => enemy.id === id))).toHaveLength(CROSSING_STEPS);
    }
    expect(enemiesAt(timeline, 100, 0.5)).toEqual(seen[100]);
  });

  it("shows them, and seeks through time", () =>
    inPage("phaser-spawner", async (page) => {
      const { enemiesAt } = await rules<Spawner>("phaser-spawner/spawner.js");
      using timeline = new Timeline(STOPPED);
      const shown = (step: number): string => `step ${step}, ${enemiesAt(timeline, step).length} enemies`;
      await page.getByText(shown(LAST_STEP)).waitFor({ timeout: PATIENCE_MS });
      await page.locator("input").fill("100");
      await page.getByText(shown(100)).waitFor({ timeout: PATIENCE_MS });
      await page.getByRole("button", { name: "Live" }).click();
      await page.getByText(shown(LAST_STEP)).waitFor({ timeout: PATIENCE_MS });
    }));
});

describe("the sparks", () => {
  it("are the same for everyone, and fly for a while after each break", async () => {
    type Sparks = { sparksAt(session: Timeline, state: object): { x: number; y: number; alpha: number }[] };
    const { sparksAt } = await rules<Sparks>("pixi/sparks.js");
    using timeline = new Timeline(STOPPED);
    const { nextBreak } = timeline.roundOf(0);
    const at = (step: number) => sparksAt(timeline, { ...timeline.state(step), fraction: 0.5 });
    expect(at(nextBreak - 1)).toEqual([]);
    expect(at(nextBreak)).toHaveLength(24);
    expect(at(nextBreak + 5)).toEqual(at(nextBreak + 5));
    expect(at(nextBreak + 15)).toEqual([]);
  });

  it("are drawn by the page", () =>
    inPage("pixi", async (page) => {
      await page.getByRole("img", { name: "49, stopped" }).waitFor({ timeout: PATIENCE_MS });
    }));
});
