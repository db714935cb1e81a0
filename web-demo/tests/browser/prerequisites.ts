/** What the browser tests need, and what makes it. Without it they fail: a test that was left out proves nothing. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../..", import.meta.url));

/** The server's binary. */
export const BINARY = resolve(FOLDER, process.env.TICKSEED_BINARY ?? "../target/debug/tickseed");
/** The browser. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Where pictures are kept. */
export const ARTIFACTS = resolve(FOLDER, "../artifacts");

/** Fails, and names the command that helps, if something is missing. */
export function checkPrerequisites(): void {
  need(CHROMIUM, "scripts/install-tools --browser");
  need(BINARY, "cargo build -p tickseed-server");
  const page = resolve(FOLDER, "dist/index.html");
  need(page, "scripts/build-web-demo");
  const builtAt = statSync(page).mtimeMs;
  const changed = [resolve(FOLDER, "index.html"), ...sources()].filter(
    (file) => statSync(file).mtimeMs > builtAt,
  );
  if (changed.length > 0) {
    throw new Error(`the page was built before ${changed.join(", ")} changed: run scripts/build-web-demo`);
  }
}

function need(file: string, command: string): void {
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: run ${command}`);
  }
}

function sources(): readonly string[] {
  const folder = resolve(FOLDER, "src");
  return readdirSync(folder).map((name) => resolve(folder, name));
}
