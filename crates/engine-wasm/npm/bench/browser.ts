/** Chromium, as the tests in browsers start it. */
import { type Browser, launch } from "puppeteer-core";

import { CHROMIUM_ARGUMENTS, chromium } from "../test/browser/prerequisites.js";

const HOUR_MS = 3_600_000;

/** Starts it with a fresh profile. */
export function startBrowser(): Promise<Browser> {
  return launch({ executablePath: chromium(), args: [...CHROMIUM_ARGUMENTS], protocolTimeout: HOUR_MS });
}
