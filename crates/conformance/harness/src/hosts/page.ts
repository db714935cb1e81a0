/** Runs in a page: loads the npm package from its files, as any page would, and a driver that imports it. */

import * as tickseed from "tickseed/engine";
import { loadEngine } from "tickseed/engine";

import { type Driver, instantiate } from "./driver.js";
import { engineOf } from "./npm-engine.js";

declare global {
  /** Set once the driver is loaded. */
  var driver: Driver | undefined;
  /** The reason why it could not be loaded. */
  var failure: string | undefined;
}

async function load(): Promise<Driver> {
  await loadEngine();
  const response = await fetch("/driver.wasm");
  return await instantiate(new Uint8Array(await response.arrayBuffer()), engineOf(tickseed));
}

try {
  globalThis.driver = await load();
} catch (error) {
  globalThis.failure = String(error);
}
