/**
 * Runs a driver in the JavaScript engine that runs this: V8 in Node.js, JavaScriptCore in Bun.
 *
 *     node local.js DRIVER ...            the driver contains an engine
 *     node local.js DRIVER --package ...  the engine is the npm package's
 *     node local.js DRIVER --javascript ...  the engine is that of `tickseed/js`, which uses no WebAssembly
 *
 * The other arguments are those of `report`.
 */
import { readFile } from "node:fs/promises";

import { instantiate } from "./driver.js";
import { engineOf, type Package } from "./npm-engine.js";
import { report } from "./report.js";
import { STREAMS } from "./streams.js";

/** Only one of them: both would share one engine. */
const PACKAGES: Record<string, () => Promise<Package & { loadEngine(): Promise<void> }>> = {
  "--package": () => import("tickseed/engine"),
  "--javascript": () => import("tickseed/js"),
};

const [file = "", ...rest] = process.argv.slice(2);
const bytes = new Uint8Array(await readFile(file));
const entry = PACKAGES[rest[0] ?? ""];
if (entry !== undefined) {
  const tickseed = await entry();
  await tickseed.loadEngine();
  await report(await instantiate(bytes, engineOf(tickseed)), rest.slice(1), STREAMS);
} else {
  await report(await instantiate(bytes), rest, STREAMS);
}
