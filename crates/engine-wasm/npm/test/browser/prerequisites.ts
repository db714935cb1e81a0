/** The prerequisites of tests in real browsers. Without them the tests fail: a skipped test proves nothing. */
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
const WEBKIT_DRIVER = process.env.WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver";
/** The driver's Debian package installs the browser into the folder of the processor's libraries. */
const WEBKIT = process.env.WEBKIT ?? `/usr/lib/${libraries()}/webkit2gtk-4.1/MiniBrowser`;
const XVFB = process.env.XVFB ?? "/usr/bin/Xvfb";

/** The options of Chromium: it runs as root in a container, where its sandbox cannot start, and contacts only the tests. */
export const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Throws an error that names the command to run if a file is missing. */
export function need(file: string, command: string): string {
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: run ${command} in the repository's root`);
  }
  return file;
}

/** Returns the server's binary, or throws if it is missing. */
export function binary(): string {
  return need(BINARY, "cargo build --package tickseed-server");
}

/** Returns Chromium's program, or throws if it is missing. */
export function chromium(): string {
  return need(CHROMIUM, "scripts/install-tools --browser");
}

/** Returns Firefox's program, or throws if it is missing. */
export function firefox(): string {
  return need(FIREFOX, "scripts/install-tools --browser");
}

/** The programs that WebKit consists of here. */
export interface WebKitPrograms {
  readonly driver: string;
  readonly browser: string;
  /** A display without a screen, because WebKit has no mode that needs none. */
  readonly display: string;
}

/** Returns WebKit's programs, or throws if one is missing. */
export function webkit(): WebKitPrograms {
  const install = "scripts/install-tools --browser";
  return {
    driver: need(WEBKIT_DRIVER, install),
    browser: need(WEBKIT, install),
    display: need(XVFB, install),
  };
}

/** Returns the name that Debian gives to this processor's libraries. */
function libraries(): string {
  return process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
}
