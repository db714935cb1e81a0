/** Headless Chromium. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

/** The names of the program on different systems. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** How long a page may take to show something. */
const PATIENCE_MS = 20_000;

/** Starts Chromium with additional options of its command line. */
export function launch(...args: string[]): Promise<Browser> {
  // Tests run as root in containers, where Chromium's own sandbox cannot start.
  return chromium.launch({ executablePath: program(), chromiumSandbox: false, args });
}

/** Returns the path of Chromium's program. */
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

/** Returns the text of the page's body once it has some. Throws if anything fails in the page. */
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

/** Rejects as soon as the page throws an error or logs a warning, for example about its content security policy. */
function failure(page: Page): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    page.on("pageerror", reject);
    page.on("console", (message) => {
      const isComplaint = message.type() === "error" || message.type() === "warning";
      // Chromium requests an icon that no page here has.
      if (isComplaint && !message.location().url.endsWith("/favicon.ico")) {
        reject(new Error(`the page says: ${message.text()}`));
      }
    });
  });
  // It may reject after the page was closed.
  failed.catch(() => undefined);
  return failed;
}
