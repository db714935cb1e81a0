/** WebKit as Debian packages it, WebKitGTK, on a display of its own that nobody sees. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Readable } from "node:stream";

import type { Browser, Tab } from "./browsers.js";
import { webkit } from "./prerequisites.js";
import { until } from "./until.js";
import { WebDriver } from "./web-driver.js";

declare global {
  interface Window {
    /** Everything that went wrong in the page so far. */
    complaints: string[];
  }
}

/** Records what the other browsers' drivers report by themselves. */
function recordComplaints(): void {
  const complaints: string[] = [];
  window.complaints = complaints;
  window.addEventListener("error", ({ message }) => complaints.push(`uncaught: ${message}`));
  window.addEventListener("unhandledrejection", ({ reason }) => complaints.push(`uncaught: ${reason}`));
  const { console: log } = window;
  for (const kind of ["error", "warn"] as const) {
    log[kind] = (...parts) => complaints.push(`${kind}: ${parts.join(" ")}`);
  }
}

/** Starts WebKit with a fresh profile, which all its tabs share. */
export async function startWebKit(): Promise<Browser> {
  const programs = webkit();
  const children = new Children();
  try {
    const display = await startDisplay(children, programs.display);
    const driver = await startDriver(children, programs.driver, display);
    const browserOptions = { binary: programs.browser, args: ["--automation"] };
    const driven = await WebDriver.start(driver, { "webkitgtk:browserOptions": browserOptions });
    return {
      name: "WebKit",
      open: (address, scripts = []) => openTab(driven, address, scripts),
      close: async () => {
        try {
          await driven.end();
        } finally {
          children.kill();
        }
      },
    };
  } catch (error) {
    children.kill();
    throw error;
  }
}

/**
 * Opens a page in a window of its own. WebDriver cannot run anything before the page's scripts, so the page is prepared once it
 * has loaded, before it connects to anything.
 */
async function openTab(driven: WebDriver, address: string, scripts: readonly string[]): Promise<Tab> {
  const window = await driven.open();
  await driven.load(window, address);
  await until(`WebKit to have loaded ${address}`, () => driven.run(window, hasLoaded(address)));
  await driven.run(window, [`(${recordComplaints})();`, ...scripts].join("\n"));
  const complaints: string[] = [];
  return {
    complaints,
    evaluate: async (run, argument) => {
      const call = `(${run})(${argument === undefined ? "undefined" : JSON.stringify(argument)})`;
      const done = await driven.run(
        window,
        // A page that has been loaded again records nothing.
        `return { value: await ${call}, complaints: window.complaints ?? [] };`,
      );
      const { value, complaints: all } = done as { value: never; complaints: string[] };
      complaints.push(...all.slice(complaints.length));
      return value;
    },
    close: () => driven.close(window),
  };
}

/** The driver may return from loading a page while the empty page that a window begins with is still there. */
function hasLoaded(address: string): string {
  return `return location.href === ${JSON.stringify(address)} && document.readyState === "complete";`;
}

/** Starts a display, and returns its name. It takes the first number that is free. */
async function startDisplay(children: Children, program: string): Promise<string> {
  const child = children.start(program, [
    "-displayfd",
    "3",
    "-screen",
    "0",
    "1280x1024x24",
    "-nolisten",
    "tcp",
  ]);
  const [number] = await Promise.race([
    once(child.stdio[3] as Readable, "data"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`${program} ended with ${code}`))),
  ]);
  return `:${String(number).trim()}`;
}

/** Starts the driver, which starts the browser later, and returns its address. */
async function startDriver(children: Children, program: string, display: string): Promise<string> {
  const port = await freePort();
  // The machine has no graphics hardware to compose pages with.
  children.start(program, [`--port=${port}`, "--host=127.0.0.1"], {
    DISPLAY: display,
    WEBKIT_DISABLE_COMPOSITING_MODE: "1",
  });
  return `http://127.0.0.1:${port}`;
}

/** The driver cannot choose a port by itself. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const closed = once(listener, "close");
  listener.close();
  await closed;
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Processes that end with the tests, even if those fail. */
class Children {
  readonly #children: ChildProcess[] = [];
  readonly #killAtExit = (): void => this.kill();

  constructor() {
    process.once("exit", this.#killAtExit);
  }

  start(program: string, options: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(program, options, {
      // A group of its own, because a driver starts a browser.
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    this.#children.push(child);
    return child;
  }

  kill(): void {
    process.off("exit", this.#killAtExit);
    // The browser before its display.
    for (const { pid, exitCode, signalCode } of this.#children.splice(0).reverse()) {
      if (pid !== undefined && exitCode === null && signalCode === null) {
        process.kill(-pid, "SIGKILL");
      }
    }
  }
}
