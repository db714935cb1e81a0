import { existsSync } from "node:fs";

const NEEDED = [
  "generated/api.d.ts",
  "generated/inline.js",
  "generated/tickseed.js",
  "generated/tickseed_bg.wasm",
  "dist/index.js",
  "dist/testing.js",
];

/** Runs once before all tests, which test the output of `scripts/build-wasm`. */
export default function setup(): void {
  const missing = NEEDED.filter((file) => !existsSync(new URL(`../${file}`, import.meta.url)));
  if (missing.length > 0) {
    throw new Error(
      `${missing.join(", ")} missing; run scripts/build-wasm in the repository's root, then test again`,
    );
  }
}
