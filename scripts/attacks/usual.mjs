/** What a server does on an ordinary day: many clients, each from an address of its own, create sessions and read them. */
import { Agent } from "node:http";

import { ask } from "./ask.mjs";

const CLIENTS = 150;

/** How many sessions each client creates, which is within the limit for a minute. */
const CREATES = 40;

/** How often each of them is read. */
const READS = 3;

export async function useAsUsual(port) {
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => play(port, `127.3.${number}.1`)));
}

async function play(port, localAddress) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress });
  for (let created = 0; created < CREATES; created += 1) {
    const { headers } = await ask(agent, port, "POST", "/v1/sessions", { body: JSON.stringify({ tick_ms: 100 }) });
    for (let read = 0; read < READS; read += 1) await ask(agent, port, "GET", headers.location);
  }
  agent.destroy();
}
