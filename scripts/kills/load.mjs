/** Clients that write without a pause until the server is gone, and note every answer. */
import { randomBytes } from "node:crypto";
import { Agent } from "node:http";

import { ask } from "./server.mjs";

const CLIENTS = 32;

/** Sessions begin in the past, so that their status changes only by requests. */
const START_AT = "2026-01-01T00:00:00Z";

/** How many of its sessions a client goes on changing. */
const KEPT = 40;

/** How often a client does what, in per cent. The rest are creates. */
const SHARES = [
  ["createWithKey", 20],
  ["pauseOrResume", 20],
  ["stop", 10],
  ["delete", 10],
];

/** A client with a connection of its own. It sends one request at a time, so it knows what each of its sessions should be. */
class Client {
  #sessions = [];
  #made = 0;

  constructor(number, ledger) {
    this.number = number;
    this.ledger = ledger;
  }

  /** Writes until the server does not answer. Adds the sessions that it touches to `touched`, and keys of answers to `keys`. */
  async run(port, touched, keys) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    Object.assign(this, { port, agent, touched, keys });
    try {
      for (;;) await this[this.#choose()]();
    } catch (error) {
      // The end of the server, but not a mistake in here.
      if (error.code === undefined && !/cut off|hang up/.test(error.message)) throw error;
    } finally {
      agent.destroy();
    }
  }

  #choose() {
    let chosen = Math.random() * 100;
    for (const [name, share] of SHARES) {
      chosen -= share;
      if (chosen < 0) return this.#sessions.length > 0 || name === "createWithKey" ? name : "create";
    }
    return "create";
  }

  create() {
    return this.#create("creates", {});
  }

  async createWithKey() {
    const key = `"${randomBytes(16).toString("hex")}"`;
    const { body, answer } = await this.#create("creates with a key", { "idempotency-key": key });
    this.ledger.answers.set(key, { body, ...answer });
    this.keys.push(key);
  }

  async #create(kind, headers) {
    const name = `${this.number}-${(this.#made += 1)}`;
    const body = JSON.stringify({ tick_ms: 100, start_at: START_AT, metadata: { name } });
    this.ledger.maybe.add(name);
    const answer = await this.#ask("POST", "/v1/sessions", { body, headers }, 201);
    const entry = this.ledger.add(answer.text);
    this.ledger.maybe.delete(name);
    this.ledger.counts[kind] += 1;
    this.touched.add(entry.id);
    this.#sessions.push(entry);
    if (this.#sessions.length > KEPT) this.#sessions.shift();
    return { body, answer };
  }

  pauseOrResume() {
    const action = (entry) => (entry.text.includes('"status":"paused"') ? "resume" : "pause");
    return this.#change("pauses and resumes", action, (entry, { text }) => Object.assign(entry, { text }), false);
  }

  stop() {
    return this.#change("stops", () => "stop", (entry, { text }) => entry.stopped(text), true);
  }

  delete() {
    return this.#change("deletes", () => "", (entry) => Object.assign(entry, { isDeleted: true }), true);
  }

  /** Changes one of the client's sessions, and leaves it alone afterwards if the change is the last one. */
  async #change(kind, action, note, isLast) {
    const index = Math.floor(Math.random() * this.#sessions.length);
    const entry = this.#sessions[index];
    this.#sessions.splice(index, 1);
    this.touched.add(entry.id);
    entry.isPending = true;
    const name = action(entry);
    const path = `/v1/sessions/${entry.id}`;
    const answer = name === "" ? await this.#ask("DELETE", path, {}, 204) : await this.#ask("POST", `${path}/${name}`, {}, 200);
    note(entry, answer);
    entry.isPending = false;
    this.ledger.counts[kind] += 1;
    if (!isLast) this.#sessions.push(entry);
  }

  async #ask(method, path, { body, headers }, expected) {
    const answer = await ask({ port: this.port, agent: this.agent, method, path, body, headers });
    if (answer.status !== expected) throw new Error(`${method} ${path} gave ${answer.status}: ${answer.text}`);
    return answer;
  }
}

export class Load {
  constructor(ledger) {
    this.clients = Array.from({ length: CLIENTS }, (_, number) => new Client(number, ledger));
  }

  /** Writes until the server is gone, and returns what was touched. */
  start(port) {
    const touched = new Set();
    const keys = [];
    const ended = Promise.all(this.clients.map((client) => client.run(port, touched, keys)));
    return { touched, keys, ended };
  }
}
