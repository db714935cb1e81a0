/** Chromium without a window. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

/** What Chromium is called on different systems. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** How long a page may take until it shows something. */
const PATIENCE_MS = 20_000;

/** Starts Chromium. */
export function launch(): Promise<Browser> {
  // Tests run as root in containers, where Chromium's own sandbox cannot start.
  return chromium.launch({ executablePath: program(), chromiumSandbox: false });
}

/** Chromium's program. */
function program(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram);
  if (found === undefined) {
    throw new Error(
      "no Chromium; run scripts/install-tools --browser in the repository's root, then test again",
    );
  }
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The text of the page's body, once it has one. Fails if anything fails in the page. */
export async function textOf(browser: Browser, url: string): Promise<string> {
  const page = await browser.newPage();
  const failed = failure(page);
  try {
    await page.goto(url);
    const body = page.locator("body", { hasText: /\S/ });
    await Promise.race([body.waitFor({ timeout: PATIENCE_MS }), failed]);
    return ((await body.textContent()) ?? "").trim();
  } finally {
    await page.close();
  }
}

/** Fails as soon as the page throws something, or has something to complain of, such as its content security policy. */
function failure(page: Page): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    page.on("pageerror", reject);
    page.on("console", (message) => {
      const isComplaint = message.type() === "error" || message.type() === "warning";
      // Chromium looks for an icon that no page here has.
      if (isComplaint && !message.location().url.endsWith("/favicon.ico")) {
        reject(new Error(`the page says: ${message.text()}`));
      }
    });
  });
  // It may fail after nobody waits any more.
  failed.catch(() => undefined);
  return failed;
}
