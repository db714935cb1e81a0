/**
 * Runs a driver in the JavaScript engine that runs this: V8 in Node.js, JavaScriptCore in Bun.
 *
 *     node local.js DRIVER ...            the driver contains an engine
 *     node local.js DRIVER --package ...  the engine is the npm package's
 *
 * The other arguments are those of `report`.
 */
import { readFile } from "node:fs/promises";

import * as tickseed from "tickseed/engine";

import { instantiate } from "./driver.js";
import { engineOf } from "./npm-engine.js";
import { report } from "./report.js";
import { STREAMS } from "./streams.js";

const [file = "", ...rest] = process.argv.slice(2);
const bytes = new Uint8Array(await readFile(file));
if (rest[0] === "--package") {
  await tickseed.loadEngine();
  await report(await instantiate(bytes, engineOf(tickseed)), rest.slice(1), STREAMS);
} else {
  await report(await instantiate(bytes), rest, STREAMS);
}
