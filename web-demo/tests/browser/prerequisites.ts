/** What the browser tests need. They fail without it, because a skipped test proves nothing. */
import { readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { binary, chromium, need } from "../../../crates/engine-wasm/npm/test/browser/prerequisites.js";

const FOLDER = fileURLToPath(new URL("../..", import.meta.url));

/** The folder for screenshots. */
export const ARTIFACTS = resolve(FOLDER, "../artifacts");

/** Fails if something is missing, and names the command that provides it. */
export function checkPrerequisites(): void {
  chromium();
  binary();
  const page = need(resolve(FOLDER, "dist/index.html"), "scripts/build-web-demo");
  const builtAt = statSync(page).mtimeMs;
  const changed = [resolve(FOLDER, "index.html"), ...sources()].filter(
    (file) => statSync(file).mtimeMs > builtAt,
  );
  if (changed.length > 0) {
    throw new Error(`the page is older than ${changed.join(", ")}: run scripts/build-web-demo`);
  }
}

function sources(): readonly string[] {
  const folder = resolve(FOLDER, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => resolve(folder, name));
}
