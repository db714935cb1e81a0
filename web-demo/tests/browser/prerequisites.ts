/** What the page's tests in a browser need, and what makes it. Without it they fail: a test that was left out proves nothing. */
import { readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { binary, chromium, need } from "../../../crates/engine-wasm/npm/test/browser/prerequisites.js";

const FOLDER = fileURLToPath(new URL("../..", import.meta.url));

/** Where pictures are kept. */
export const ARTIFACTS = resolve(FOLDER, "../artifacts");

/** Fails, and names the command that helps, if something is missing. */
export function checkPrerequisites(): void {
  chromium();
  binary();
  const page = need(resolve(FOLDER, "dist/index.html"), "scripts/build-web-demo");
  const builtAt = statSync(page).mtimeMs;
  const changed = [resolve(FOLDER, "index.html"), ...sources()].filter(
    (file) => statSync(file).mtimeMs > builtAt,
  );
  if (changed.length > 0) {
    throw new Error(`the page was built before ${changed.join(", ")} changed: run scripts/build-web-demo`);
  }
}

function sources(): readonly string[] {
  const folder = resolve(FOLDER, "src");
  return readdirSync(folder).map((name) => resolve(folder, name));
}
