/** Several tabs of one browser that watch sessions of one server, and what each of them sees. */
import { type Browser as Driven, launch, type Page } from "puppeteer-core";

import type { LiveSession } from "../../src/index.js";
import { script } from "./browsers.js";
import { CHROMIUM_ARGUMENTS, chromium, firefox } from "./prerequisites.js";

declare global {
  interface Window {
    /** What the tab has seen since it was reset. */
    seen: Seen;
    /** The event streams that the tab holds. */
    streams: Set<EventSource>;
  }
}

/** A request for the time. */
interface Asked {
  readonly startedMs: number;
  endedMs?: number;
}

/** What a tab has seen. */
export interface Seen {
  asked: Asked[];
  /** The bound of the clock, sampled four times a second, in milliseconds. */
  errorsMs: number[];
  /** How many of those samples were of a clock that was not synced. */
  unsynced: number;
}

/** The same, with the time that each request took, or has taken until now, in milliseconds. */
export interface SeenUntilNow extends Seen {
  readonly requestsMs: readonly number[];
}

/** A tab as it is at a moment. */
export interface TabNow {
  readonly isListening: boolean;
  readonly streams: number;
  readonly isStopKnown: boolean;
}

/** Keeps the list of the page's event streams. */
const COUNT_STREAMS = script(() => {
  const streams = new Set<EventSource>();
  window.streams = streams;
  window.EventSource = class extends EventSource {
    constructor(address: string | URL) {
      super(address);
      streams.add(this);
    }

    override close(): void {
      super.close();
      streams.delete(this);
    }
  };
}, undefined);

/** How often a tab asks for the time, beside the clock. */
const ASK_EVERY_MS = 500;

/** A browser whose tabs share a profile. */
export class TabbedBrowser {
  readonly name: "Chromium" | "Firefox";
  readonly #driven: Driven;
  readonly #pages: Page[] = [];

  private constructor(name: "Chromium" | "Firefox", driven: Driven) {
    this.name = name;
    this.#driven = driven;
  }

  static async start(name: "Chromium" | "Firefox"): Promise<TabbedBrowser> {
    const options =
      name === "Chromium"
        ? { executablePath: chromium(), args: CHROMIUM_ARGUMENTS }
        : { browser: "firefox" as const, executablePath: firefox() };
    return new TabbedBrowser(name, await launch(options));
  }

  /** The open tabs. */
  get pages(): readonly Page[] {
    return this.#pages;
  }

  /** Opens a tab, and connects it to a session. */
  async open(page: string, session: string): Promise<void> {
    // A separate window, because hidden tabs are throttled.
    const tab = await this.#driven.newPage({ type: "window" });
    this.#pages.push(tab);
    await tab.evaluateOnNewDocument(COUNT_STREAMS);
    await tab.goto(page);
    await tab.evaluate(connectAndWatch, session, ASK_EVERY_MS);
  }

  /** Closes the tab at an index. */
  async closeTab(index: number): Promise<void> {
    const [page] = this.#pages.splice(index, 1);
    await page?.close();
  }

  /** Puts another tab in front of the tab at an index, so that it is hidden. Returns a function that brings it back. */
  async hide(index: number): Promise<() => Promise<void>> {
    const page = this.#at(index);
    const other = new Promise<Page | null>((resolve) => page.once("popup", resolve));
    await page.evaluate(() => {
      window.open("about:blank");
    });
    const shown = await other;
    return async () => {
      await shown?.close();
      await page.bringToFront();
    };
  }

  /** Freezes the tab at an index, as Chromium does in the background. Returns a function that thaws it. */
  async freeze(index: number): Promise<() => Promise<void>> {
    const devTools = await this.#at(index).createCDPSession();
    await devTools.send("Page.setWebLifecycleState", { state: "frozen" });
    return async () => {
      await devTools.send("Page.setWebLifecycleState", { state: "active" });
    };
  }

  #at(index: number): Page {
    const page = this.#pages[index];
    if (page === undefined) {
      throw new Error(`there is no tab ${index}`);
    }
    return page;
  }

  /** Forgets what the tabs have seen so far. */
  async reset(): Promise<void> {
    await this.#each(() => {
      window.seen = { asked: [], errorsMs: [], unsynced: 0 };
    });
  }

  /** Returns what the tabs have seen. */
  async seen(): Promise<readonly SeenUntilNow[]> {
    // As text, because Firefox passes an object that occurs twice only once.
    const all = await this.#each(() => JSON.stringify({ ...window.seen, nowMs: performance.now() }));
    return all.map((text) => {
      const seen = JSON.parse(text) as Seen & { nowMs: number };
      const requestsMs = seen.asked.map(({ startedMs, endedMs = seen.nowMs }) => endedMs - startedMs);
      return { ...seen, requestsMs };
    });
  }

  /** Returns how the tabs are now. */
  now(except: readonly number[] = []): Promise<readonly TabNow[]> {
    const read = (): TabNow => ({
      isListening: window.session.isListening,
      streams: window.streams.size,
      isStopKnown: window.session.stoppedAt !== undefined,
    });
    return this.#each(read, except);
  }

  /** Closes all tabs. */
  async clear(): Promise<void> {
    await Promise.all(this.#pages.splice(0).map((page) => page.close()));
  }

  close(): Promise<void> {
    return this.#driven.close();
  }

  #each<Result>(run: () => Result, except: readonly number[] = []): Promise<Awaited<Result>[]> {
    const pages = this.#pages.filter((_, index) => !except.includes(index));
    return Promise.all(pages.map((page) => page.evaluate(run)));
  }
}

/** Runs in the page. */
async function connectAndWatch(address: string, askEveryMs: number): Promise<void> {
  window.seen = { asked: [], errorsMs: [], unsynced: 0 };
  const session: LiveSession = await window.tickseed.connect(address);
  window.session = session;
  const time = new URL("/v1/time", address);
  setInterval(async () => {
    const request: Asked = { startedMs: performance.now() };
    window.seen.asked.push(request);
    await (await fetch(time, { cache: "no-store" })).text();
    request.endedMs = performance.now();
  }, askEveryMs);
  setInterval(() => {
    const { errorMs, synced } = session.clock.read();
    window.seen.errorsMs.push(errorMs);
    window.seen.unsynced += synced ? 0 : 1;
  }, 250);
}
