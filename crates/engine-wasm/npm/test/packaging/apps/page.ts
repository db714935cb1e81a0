/** What a page shows in Chromium. */
import type { Browser, Page } from "playwright-core";

import { ANSWER } from "./answer.js";

/** How long a page may take. Development servers build it when it is requested. */
const PATIENCE_MS = 120_000;

/** Returns the text of a page once it has the answer a number of times. Throws if a script fails. */
export async function shownIn(browser: Browser, url: string, times = 1): Promise<string> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  const failed = new Promise<never>((_, reject) => {
    page.on("pageerror", (error) => reject(new Error(`the page says: ${error.message}`)));
  });
  // It may reject after the page was closed.
  failed.catch(() => undefined);
  try {
    await Promise.race([page.goto(url, { waitUntil: "commit", timeout: PATIENCE_MS }), failed]);
    await Promise.race([untilShown(page, times), failed]);
    return await page.innerText("body");
  } catch (error) {
    const { message } = error as Error;
    throw new Error(message.startsWith("the page") ? message : await explained(page, complaints, message));
  } finally {
    await page.close();
  }
}

async function untilShown(page: Page, times: number): Promise<void> {
  // There is no body until the page has begun to load.
  const isShown = ([text, wanted]: [string, number]) =>
    (document.body?.innerText ?? "").split(text).length > wanted;
  await page.waitForFunction(isShown, [ANSWER, times] as [string, number], { timeout: PATIENCE_MS });
}

async function explained(page: Page, complaints: string[], message: string): Promise<string> {
  const text = await page.innerText("body").catch(() => "");
  return `the page shows ${JSON.stringify(text.slice(0, 300))}, and says: ${complaints.join("; ") || message}`;
}
