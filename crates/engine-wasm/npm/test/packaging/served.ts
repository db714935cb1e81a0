/** A web server for the pages, which also has one session, like a tickseed server. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

/** A stopped session, whose state is always the same. */
export const STOPPED = {
  id: "sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21",
  seed: "550e8400-e29b-41d4-a716-446655440000",
  start_at: "2026-01-31T12:00:03.000Z",
  tick_ms: 100,
  rules: { break_interval: { min: 100, max: 300 }, rounds_per_epoch: 64 },
  engine_version: 1,
  status: "stopped",
  stopped_at: "2026-01-31T12:05:00.000Z",
  created_at: "2026-01-31T12:00:00.000Z",
  revision: 2,
};

/** The session's fields, of which a seed, rules and the instant of the stop decide the state. */
export type StoppedSession = typeof STOPPED;

/** Its address, on the server that serves the page. */
export const SESSION_PATH = `/v1/sessions/${STOPPED.id}`;

/** The server lets pages of every origin read its responses. */
const ANY_ORIGIN = { "access-control-allow-origin": "*" };

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

export interface Served {
  /** The address, without a trailing slash. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves a folder's files with additional headers, and one session. */
export async function serve(
  folder: string,
  headers: Record<string, string> = {},
  session: StoppedSession = STOPPED,
): Promise<Served> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/v1/")) {
      answerForTickseed(session, request, response);
    } else {
      answerWithFile(folder, headers, request, response);
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
}

function answerWithFile(
  folder: string,
  headers: Record<string, string>,
  { url = "/" }: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname } = new URL(url, "http://localhost");
  const file = join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
  try {
    const bytes = readFileSync(file);
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain", ...headers }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

function answerForTickseed(
  session: StoppedSession,
  { url = "/" }: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname } = new URL(url, "http://localhost");
  if (pathname === "/v1/time") {
    const now = Date.now();
    json(response, { now_ms: now, received_us: now * 1_000, sent_us: now * 1_000, server: "a" });
  } else if (pathname === SESSION_PATH) {
    json(response, session);
  } else if (pathname === `${SESSION_PATH}/events`) {
    response.writeHead(200, { "content-type": "text/event-stream", ...ANY_ORIGIN }).write(": listening\n\n");
  } else {
    response.writeHead(404).end();
  }
}

function json(response: ServerResponse, content: object): void {
  response.writeHead(200, { "content-type": "application/json", ...ANY_ORIGIN }).end(JSON.stringify(content));
}
