/** Compares what a server says with the ledger. */
import { Agent } from "node:http";

import { idOf } from "./ledger.mjs";
import { ask } from "./server.mjs";

/** How many requests are on their way at once. */
const AT_ONCE = 32;

/** How many sessions a part of the list has at most. */
const LIST_LENGTH = 100;

/** Calls `each` for all items, many at once. */
async function forAll(items, each) {
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await each(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Checks the sessions that a round has touched, and repeats its requests with a key. */
export async function verifyRound(port, ledger, touched, keys) {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  await forAll(touched, async (id) => {
    const { status, text } = await ask({ port, agent, method: "GET", path: `/v1/sessions/${id}` });
    const found = status === 404 ? undefined : text;
    ledger.check(id, found);
    ledger.settle(id, found);
  });
  await forAll(keys, async (key) => {
    const { body, status, text } = ledger.answers.get(key);
    const again = await ask({ port, agent, method: "POST", path: "/v1/sessions", body, headers: { "idempotency-key": key } });
    if (again.status !== status || again.text !== text) {
      const where = again.status === status ? "another body" : `${again.status} instead of ${status}`;
      ledger.lost.push(`a repetition of the request that created ${idOf(text)} got ${where}`);
    }
  });
  agent.destroy();
}

/** Walks the list and checks all sessions of all rounds. */
export async function verifyAll(port, ledger) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const seen = new Set();
  for (let cursor = ""; cursor !== null; ) {
    const { text } = await ask({ port, agent, method: "GET", path: `/v1/sessions?limit=${LIST_LENGTH}${cursor && `&cursor=${cursor}`}` });
    const { sessions, next_cursor } = JSON.parse(text);
    for (const session of sessions) {
      seen.add(session.id);
      ledger.check(session.id, JSON.stringify(session));
    }
    cursor = next_cursor;
  }
  for (const id of ledger.sessions.keys()) if (!seen.has(id)) ledger.check(id, undefined);
  agent.destroy();
  return seen.size;
}
