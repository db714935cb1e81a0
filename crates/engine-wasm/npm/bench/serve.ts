/** Serves pages and their files to a browser on this machine. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix } from "node:path";

/** What is served. */
export interface Site {
  /** The page at `/`. */
  readonly page: string;
  /** Folders with files, by the first part of the path. */
  readonly folders: Readonly<Record<string, string>>;
}

/** A server that runs. */
export interface RunningServer {
  readonly address: string;
  close(): void;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};
/** Without these headers, the clock of a page counts in steps of 100 µs. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Serves a site on a free port. */
export async function serve(site: Site): Promise<RunningServer> {
  const server = createServer((request, response) => {
    answer(site, new URL(request.url ?? "/", "http://localhost").pathname).then(
      ({ type, body }) => response.writeHead(200, { "content-type": type, ...ISOLATED }).end(body),
      () => response.writeHead(404, ISOLATED).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}

async function answer(site: Site, path: string): Promise<{ type: string; body: string | Buffer }> {
  if (path === "/") {
    return { type: "text/html", body: site.page };
  }
  const [, folder = "", ...parts] = posix.normalize(path).split("/");
  const file = join(site.folders[folder] ?? "", ...parts);
  return { type: TYPES[extname(file)] ?? "application/octet-stream", body: await readFile(file) };
}
