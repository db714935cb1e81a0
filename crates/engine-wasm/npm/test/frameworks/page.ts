/** A page in a document without a screen and a virtual world. */
import { createRequire } from "node:module";

import { loadEngine } from "../../src/index.js";
import { HttpWorld, NOTHING_LEFT } from "../world/http-world.js";

/** Its own types fail a strict check. */
const { parseHTML } = createRequire(import.meta.url)("linkedom") as {
  parseHTML(page: string): { readonly window: Record<string, unknown>; readonly document: Document };
};

/** Frameworks read these when they are imported. */
export function prepareDocument(): void {
  const { window, document } = parseHTML("<!doctype html><html><body></body></html>");
  const names = ["Element", "Node", "SVGElement", "MathMLElement", "HTMLElement", "Event", "Text"];
  const classes = names.map((name) => [name, window[name]]).filter(([, value]) => value !== undefined);
  Object.assign(globalThis, { window, document, ...Object.fromEntries(classes) });
}

/** Opens a virtual world with a loaded engine. Its platform is one object, so that all components share sessions. */
export async function openPage(): Promise<{ world: HttpWorld; platform: HttpWorld["platform"] }> {
  await loadEngine();
  const world = new HttpWorld();
  return { world, platform: world.platform };
}

/** Lets a minute pass. Returns what is alive then, which should be {@link NOTHING_LEFT}. */
export async function leftovers(world: HttpWorld): Promise<HttpWorld["leftovers"]> {
  await world.pass(60_000);
  return world.leftovers;
}

export { NOTHING_LEFT };
