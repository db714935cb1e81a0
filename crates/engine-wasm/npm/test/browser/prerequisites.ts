/** What tests in real browsers need, and what brings it. Without it they fail: a test that was left out proves nothing. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The server's binary. */
const BINARY = resolve(
  process.env.TICKSEED_BINARY ??
    fileURLToPath(new URL("../../../../../target/debug/tickseed", import.meta.url)),
);
/** The browsers. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

/** How Chromium is started: as root in a container, where its sandbox cannot start, and talking to nobody but the tests. */
export const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Fails, and names the command that helps, if a file is missing. */
export function need(file: string, command: string): string {
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: run ${command} in the repository's root`);
  }
  return file;
}

/** The server's binary, which must be there. */
export function binary(): string {
  return need(BINARY, "cargo build --package tickseed-server");
}

/** Chromium's program, which must be there. */
export function chromium(): string {
  return need(CHROMIUM, "scripts/install-tools --browser");
}

/** Firefox's program, which must be there. */
export function firefox(): string {
  return need(FIREFOX, "scripts/install-tools --browser");
}
