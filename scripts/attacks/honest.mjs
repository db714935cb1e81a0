/** A client that asks for a session and the time again and again, and notes how long it waits. */
import { Agent, request } from "node:http";

/** The address of the client. The attackers have others, so limits for an address do not affect it. */
const ADDRESS = "127.0.0.2";

/** How long the client pauses between two requests. */
const PAUSE_MS = 10;

/** After this time without a response, a request counts as failed. */
const TIMEOUT_MS = 5_000;

export class HonestClient {
  #port;
  #agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: ADDRESS });
  #waits = [];
  #errors = 0;
  #isStopped = false;

  constructor(port) {
    this.#port = port;
  }

  /** Creates a session and begins to ask. */
  static async start(port) {
    const client = new HonestClient(port);
    const created = await client.#ask("POST", "/v1/sessions", JSON.stringify({ tick_ms: 100 }));
    client.session = created.headers.location;
    client.#askAgain();
    return client;
  }

  /** Forgets what it has measured so far. */
  reset() {
    this.#waits = [];
    this.#errors = 0;
  }

  /** Returns what it has measured. */
  figures() {
    const sorted = [...this.#waits].sort((one, other) => one - other);
    const quantile = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
    return { p50: quantile(0.5), p99: quantile(0.99), asked: sorted.length, errors: this.#errors };
  }

  stop() {
    this.#isStopped = true;
    this.#agent.destroy();
  }

  async #askAgain() {
    for (let count = 0; !this.#isStopped; count += 1) {
      const since = performance.now();
      try {
        const { statusCode } = await this.#ask("GET", count % 2 === 0 ? this.session : "/v1/time");
        if (statusCode !== 200) this.#errors += 1;
      } catch {
        if (!this.#isStopped) this.#errors += 1;
      }
      this.#waits.push(performance.now() - since);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #ask(method, path, body) {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": body.length };
      const options = { host: "127.0.0.1", port: this.#port, path, method, headers, agent: this.#agent, timeout: TIMEOUT_MS };
      const asked = request(options, (response) => {
        response.resume();
        response.once("end", () => resolve(response));
        response.once("error", reject);
      });
      asked.once("timeout", () => asked.destroy(new Error("no response in time")));
      asked.once("error", reject);
      asked.end(body);
    });
  }
}
