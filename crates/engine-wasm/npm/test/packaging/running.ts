/** A server with one running session, which breaks several times a second. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { STOPPED } from "./served.js";

export interface RunningSession {
  /** The address of the session. */
  readonly address: string;
  close(): void;
}

/** Serves a session that started a minute ago and stops in a while. */
export async function serveRunning(stopsInMs: number): Promise<RunningSession> {
  const now = Date.now();
  const record = {
    ...STOPPED,
    start_at: new Date(now - 60_000).toISOString(),
    stopped_at: new Date(now + stopsInMs).toISOString(),
    rules: { break_interval: { min: 1, max: 3 }, rounds_per_epoch: 64 },
    status: "running",
  };
  const server = createServer(({ url }, response) => {
    const us = Date.now() * 1_000;
    const isTime = url?.startsWith("/v1/time") === true;
    const body = isTime ? { now_ms: us / 1_000, received_us: us, sent_us: us, server: "a" } : record;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/v1/sessions/${STOPPED.id}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
