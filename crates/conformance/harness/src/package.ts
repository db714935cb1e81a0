/** The file that the npm package ships, the very same in every engine. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { PACKAGE_MODULE } from "./build.js";

/**
 * The SHA-256 of the npm package's file.
 *
 * @throws Error if engines with JavaScript, which find it in the package, would load another one than those without.
 */
export function packageDigest(): string {
  const [built, found] = [
    PACKAGE_MODULE,
    fileURLToPath(import.meta.resolve("tickseed/tickseed_bg.wasm")),
  ].map(sha256) as [string, string];
  if (built !== found) {
    throw new Error(
      "the harness has another tickseed than the one that was built; type: npm --prefix crates/conformance/harness ci",
    );
  }
  return built;
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
