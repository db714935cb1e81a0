/** Real browsers, and what the tests do with them. */
import { type CDPSession, type Browser as Driven, launch, type Page } from "puppeteer-core";

import { CHROMIUM_ARGUMENTS, chromium, firefox } from "./prerequisites.js";

/** A page in a browser. */
export interface Tab {
  /** Everything that went wrong in the page. */
  readonly complaints: readonly string[];
  /** Runs a function in the page. The function can use only its argument and the page. */
  evaluate<Argument, Result>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
  close(): Promise<void>;
}

/** A browser. */
export interface Browser<AnyTab extends Tab = Tab> {
  readonly name: string;
  /** Opens an address with a fresh profile, after scripts have prepared the page. */
  open(address: string, scripts?: readonly string[]): Promise<AnyTab>;
  close(): Promise<void>;
}

/** A tab of Chromium that can be hidden. */
export interface ChromiumTab extends Tab {
  /** Puts another tab in front, so that this one is hidden and its timers are throttled. */
  hide(): Promise<void>;
  /** Brings it to the front. */
  show(): Promise<void>;
  /** Freezes the hidden tab, so that nothing in it runs. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** Chromium that can be put to sleep. */
export interface Chromium extends Browser<ChromiumTab> {
  /** Stops all its processes, as if the machine slept. */
  sleep(): void;
  wake(): void;
}

/** A function that prepares a page: it runs in the page before everything else. */
export function script<Argument>(run: (argument: Argument) => void, argument: Argument): string {
  return `(${run})(${JSON.stringify(argument)});`;
}

/** Puppeteer runs hidden pages as if they were visible. The tests need them throttled. */
const NOT_HELD_BACK = [
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];
/** Chromium runs hidden pages once a minute after five minutes. The tests do not wait that long. */
const SOON_ONCE_A_MINUTE = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5";

/**
 * Starts Chromium with a fresh profile.
 *
 * @param more Other options.
 */
export async function startChromium(more: readonly string[] = []): Promise<Chromium> {
  const driven = await launch({
    executablePath: chromium(),
    args: [...CHROMIUM_ARGUMENTS, SOON_ONCE_A_MINUTE, ...more],
    ignoreDefaultArgs: NOT_HELD_BACK,
  });
  return {
    name: "Chromium",
    open: async (address, scripts = []) => chromiumTab(await openPage(driven, address, scripts)),
    sleep: () => signalAll(driven, "SIGSTOP"),
    wake: () => signalAll(driven, "SIGCONT"),
    close: () => driven.close(),
  };
}

/** Starts Firefox with a fresh profile. */
export async function startFirefox(): Promise<Browser> {
  const driven = await launch({ browser: "firefox", executablePath: firefox() });
  return {
    name: "Firefox",
    open: async (address, scripts = []) => tabOf(await openPage(driven, address, scripts)),
    close: () => driven.close(),
  };
}

interface OpenPage {
  readonly page: Page;
  readonly complaints: string[];
}

async function openPage(driven: Driven, address: string, scripts: readonly string[]): Promise<OpenPage> {
  const context = await driven.createBrowserContext();
  // A separate window, because another tab in front would hide the page.
  const page = await context.newPage({ type: "window" });
  const complaints: string[] = [];
  page.on("pageerror", (error) =>
    complaints.push(`uncaught: ${error instanceof Error ? error.message : error}`),
  );
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) {
      complaints.push(`${message.type()}: ${message.text()}`);
    }
  });
  for (const prepare of scripts) {
    await page.evaluateOnNewDocument(prepare);
  }
  await page.goto(address);
  return { page, complaints };
}

function tabOf({ page, complaints }: OpenPage): Tab {
  return {
    complaints,
    // Its types distinguish handles of objects in the page, which are not used here.
    evaluate: (run, argument) => page.evaluate(run as never, argument as never) as Promise<never>,
    close: () => page.browserContext().close(),
  };
}

async function chromiumTab(open: OpenPage): Promise<ChromiumTab> {
  const { page } = open;
  const devTools = await page.createCDPSession();
  return {
    ...tabOf(open),
    hide: async () => {
      const other = await page.browserContext().newPage();
      await other.bringToFront();
    },
    show: () => page.bringToFront(),
    freeze: () => setLifecycle(devTools, "frozen"),
    thaw: () => setLifecycle(devTools, "active"),
  };
}

async function setLifecycle(devTools: CDPSession, state: "frozen" | "active"): Promise<void> {
  await devTools.send("Page.setWebLifecycleState", { state });
}

/** The browser's processes form a group, whose leader is the first. */
function signalAll(driven: Driven, signal: NodeJS.Signals): void {
  const leader = driven.process()?.pid;
  if (leader === undefined) {
    throw new Error("the browser does not run");
  }
  process.kill(-leader, signal);
}
