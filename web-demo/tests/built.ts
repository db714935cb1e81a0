/** Checks that the npm package is built before any test runs. */
import { existsSync } from "node:fs";

export default function setup(): void {
  const entry = new URL("../../crates/engine-wasm/npm/dist/index.js", import.meta.url);
  if (!existsSync(entry)) {
    throw new Error("the npm package has not been built: run scripts/build-wasm");
  }
}
