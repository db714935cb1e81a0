/**
 * A client that asks for a session and the time again and again, and notes how long it waits. It is a process of its own, so that the
 * attackers do not hold it up: run.mjs starts it, and sends it "figures" to get what it has measured since the last time.
 */
import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

import { ask } from "./ask.mjs";

/** The address of the client. The attackers have others, so limits for an address do not affect it. */
const ADDRESS = "127.0.0.2";

/** How long the client pauses between two requests. */
const PAUSE_MS = 10;

/** After this time without a response, a request counts as failed. */
const TIMEOUT_MS = 5_000;

class HonestClient {
  #port;
  #agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: ADDRESS });
  #waits = [];
  #errors = 0;

  constructor(port) {
    this.#port = port;
  }

  /** Creates a session, also one with an idempotency key that nobody else knows, and begins to ask. */
  static async start(port) {
    const client = new HonestClient(port);
    const body = JSON.stringify({ tick_ms: 100 });
    client.session = (await client.#ask("POST", "/v1/sessions", { body })).headers.location;
    const key = randomBytes(16).toString("hex");
    const secret = await client.#ask("POST", "/v1/sessions", { body, headers: { "idempotency-key": `"${key}"` } });
    client.secret = { key, body, session: secret.headers.location };
    client.#askAgain();
    return client;
  }

  /** Returns what it has measured since the last time. */
  figures() {
    const sorted = this.#waits.toSorted((one, other) => one - other);
    const quantile = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
    const figures = { p50: quantile(0.5), p99: quantile(0.99), asked: sorted.length, errors: this.#errors };
    [this.#waits, this.#errors] = [[], 0];
    return figures;
  }

  async #askAgain() {
    for (let count = 0; ; count += 1) {
      const since = performance.now();
      try {
        const { statusCode } = await this.#ask("GET", count % 2 === 0 ? this.session : "/v1/time");
        if (statusCode !== 200) this.#errors += 1;
      } catch {
        this.#errors += 1;
      }
      this.#waits.push(performance.now() - since);
      await wait(PAUSE_MS);
    }
  }

  #ask(method, path, options) {
    return ask(this.#agent, this.#port, method, path, { ...options, timeout: TIMEOUT_MS });
  }
}

const honest = await HonestClient.start(Number(process.argv[2]));
process.on("message", () => process.send(honest.figures()));
process.on("disconnect", () => process.exit());
process.send({ session: honest.session, secret: honest.secret });
