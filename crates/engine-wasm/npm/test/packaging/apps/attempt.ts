/** Builds and runs an app, and holds what it shows to the known state. */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";

import { SESSION_PATH, serve } from "../served.js";
import { ANSWER, SESSION } from "./answer.js";
import type { App, Command, Show } from "./app.js";
import { clueIn, type Place, ProgramError, type Running, run, start } from "./execute.js";
import { shownIn } from "./page.js";
import type { Workshop } from "./workshop.js";

/** How long a server may take to listen or to respond. */
const PATIENCE_MS = 120_000;

/** Throws unless the app shows the state. */
export async function attempt(app: App, workshop: Workshop): Promise<void> {
  const [served, port] = await Promise.all([serve(".", {}, SESSION), freePort()]);
  const fill = (text: string) =>
    text.replaceAll("ADDRESS", served.url + SESSION_PATH).replaceAll("PORT", `${port}`);
  const filled = ([program, ...options]: Command): Command => [program, ...options.map(fill)];
  try {
    const place = await workshop.place(app, port, fill);
    for (const command of app.build ?? []) {
      await run(filled(command), place);
    }
    const text = await shownBy(app.show, filled, { place, port, browser: workshop.browser });
    if (!text.includes(ANSWER)) {
      throw new Error(`it shows ${JSON.stringify(text.slice(0, 500))}`);
    }
  } finally {
    await served.stop();
  }
}

interface Surroundings {
  readonly place: Place;
  readonly port: number;
  readonly browser: Browser;
}

function shownBy(
  show: Show,
  filled: (command: Command) => Command,
  surroundings: Surroundings,
): Promise<string> {
  const { place, browser } = surroundings;
  switch (show.by) {
    case "program":
      return run(filled(show.command), place);
    case "folder":
      return fromFolder(join(place.folder, show.folder), browser);
    case "file":
      return shownIn(browser, pathToFileURL(join(place.folder, show.file)).href);
    case "server":
      return fromServer(filled(show.command), show, surroundings);
  }
}

async function fromFolder(folder: string, browser: Browser): Promise<string> {
  if (!existsSync(join(folder, "index.html"))) {
    throw new Error("there is no page");
  }
  const served = await serve(folder);
  try {
    return await shownIn(browser, `${served.url}/`);
  } finally {
    await served.stop();
  }
}

interface Parts {
  readonly parts?: number;
  readonly texts?: readonly string[];
}

/** If something fails, the output of the server often says why. */
async function fromServer(
  command: Command,
  { parts = 0, texts = [] }: Parts,
  { place, port, browser }: Surroundings,
): Promise<string> {
  const server = start(command, place);
  const url = `http://localhost:${port}`;
  try {
    await listening(server, port);
    for (const path of texts) {
      await respondsWithAnswer(url + path);
    }
    return parts === 0 ? ANSWER : await shownIn(browser, `${url}/`, parts);
  } catch (error) {
    const { message } = error as Error;
    const output = server.output();
    throw error instanceof ProgramError
      ? error
      : new Error(`${message}; the server says: ${clueIn(output)}`, { cause: output });
  } finally {
    server.stop();
  }
}

async function respondsWithAnswer(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const text = await response.text();
  if (!text.includes(ANSWER)) {
    throw new Error(`the server responds with ${response.status}: ${text.slice(0, 500)}`);
  }
}

/** Waits until something listens on the port. Throws if the server ends before. */
async function listening(server: Running, port: number): Promise<void> {
  const ended = server.ended.then(() => {
    throw new Error("the server ends at once");
  });
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await Promise.race([accepts(port), ended]))) {
    if (performance.now() > deadline) {
      throw new Error("the server does not listen on its port");
    }
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), ended]);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "localhost");
    socket
      .on("error", () => resolve(false))
      .on("connect", () => {
        socket.destroy();
        resolve(true);
      });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
