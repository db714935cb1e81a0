/** Chromium without a window, and a server for the files that it is shown. */
import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, extname, join } from "node:path";
import { promisify } from "node:util";

/** What Chromium is called on different systems. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Chromium's program. */
function chromium(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram);
  if (found === undefined) {
    throw new Error(
      "no Chromium; run scripts/install-tools --browser in the repository's root, then test again",
    );
  }
  return found;
}

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

export interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves a folder's files, with headers of one's choice, as any web server would. */
export async function serve(folder: string, headers: Record<string, string>): Promise<Served> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const file = join(folder, pathname === "/" ? "index.html" : pathname);
    try {
      const bytes = readFileSync(file);
      response
        .writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain", ...headers })
        .end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => new Promise((stopped) => server.close(() => stopped())),
  };
}

/** The text of the page's body, once all it does at the beginning is done. */
export async function textOf(url: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), "tickseed-chromium-"));
  const options = [
    "--headless",
    // Tests run as root in containers, where Chromium's own sandbox cannot start.
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    // It is to talk to nobody but this test.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--user-data-dir=${profile}`,
    "--virtual-time-budget=20000",
    "--dump-dom",
    url,
  ];
  try {
    const { stdout } = await promisify(execFile)(chromium(), options);
    return /<body>(.*)<\/body>/s.exec(stdout)?.[1]?.trim() ?? "";
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
