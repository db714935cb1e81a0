/** The file that the npm package ships, the same one for every engine. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { PACKAGE_MODULE } from "./build.js";

/**
 * Returns the SHA-256 of the npm package's file.
 *
 * @throws Error if engines with JavaScript, which resolve the package, would load another file than those without.
 */
export function packageDigest(): string {
  const resolved = fileURLToPath(import.meta.resolve("tickseed/tickseed_bg.wasm"));
  const digest = sha256(PACKAGE_MODULE);
  if (digest !== sha256(resolved)) {
    throw new Error(
      `${resolved} is not the module that was built; type: npm --prefix crates/conformance/harness ci`,
    );
  }
  return digest;
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
