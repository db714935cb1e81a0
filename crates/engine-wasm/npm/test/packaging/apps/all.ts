/** All ways of using the package. */
import { type App, FAST_TOOLS } from "./app.js";
import { BUNDLERS, PAGES } from "./bundlers.js";
import { FRAMEWORKS, WORKERS } from "./frameworks.js";
import { RUNTIMES, TEST_RUNNERS, TYPESCRIPT } from "./runtimes.js";

export const APPS: readonly App[] = [
  ...RUNTIMES,
  ...TYPESCRIPT,
  ...TEST_RUNNERS,
  ...BUNDLERS,
  ...PAGES,
  ...FRAMEWORKS,
  ...WORKERS,
];

/** Those that `scripts/test` also runs. */
export const FAST_APPS: readonly App[] = APPS.filter(({ tools }) => tools === FAST_TOOLS);
