/** A real server in a separate process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { State } from "../../src/engine/session.js";
import type { CreateSessionBody, SessionRecord, Stop } from "../../src/http/schemas.js";
import { binary } from "./prerequisites.js";
import { until } from "./until.js";

const GREETING = /tickseed listens on (http:\/\/\S+:(\d+))/;

/** A server and the folder of its sessions. */
export class TestServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "tickseed-server-"));
  #process: ChildProcess | undefined;
  #port = 0;
  #address = "";
  readonly #settings: Readonly<Record<string, string>>;

  /** @param settings Environment variables of the server. */
  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.#settings = settings;
  }

  /** The address that it listens on. */
  get address(): string {
    return this.#address;
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port;
  }

  /** Starts the server, after the first time on the same port as before. */
  async start(): Promise<void> {
    const child = spawn(binary(), ["serve", "--port", String(this.#port), "--data-dir", this.#folder], {
      env: { ...process.env, TICKSEED_LOG: "warn", ...this.#settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const greeting = await until("the server's greeting", () => {
      if (child.exitCode !== null) {
        throw new Error(`the server ended with ${child.exitCode}: ${output}`);
      }
      return GREETING.exec(output) ?? undefined;
    });
    this.#address = greeting[1] ?? "";
    this.#port = Number(greeting[2]);
  }

  /** Kills the server without warning. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  }

  /** Ends the server and deletes its sessions. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  /** Creates a session. */
  create(session: CreateSessionBody): Promise<SessionRecord> {
    return this.#post("/v1/sessions", session);
  }

  /** Reads a session. */
  session(id: string): Promise<SessionRecord> {
    return this.#json(`/v1/sessions/${id}`);
  }

  /** Stops a session at an instant, or now. */
  stop(id: string, at?: number): Promise<Stop> {
    return this.#post(`/v1/sessions/${id}/stop`, at === undefined ? {} : { at: new Date(at).toISOString() });
  }

  /** Pauses or resumes a session, or changes its rate. */
  change(id: string, how: "pause" | "resume" | "rate" | "withdraw", content: object): Promise<SessionRecord> {
    return this.#post(`/v1/sessions/${id}/${how}`, content);
  }

  /** Returns the state at an instant, as computed by the server. */
  async stateAt(id: string, instant: number): Promise<State> {
    const at = new Date(instant).toISOString();
    const { step, value, round, broken } = await this.#json<State>(`/v1/sessions/${id}/state?at=${at}`);
    return { step, value, round, broken };
  }

  #post<Answer>(path: string, content: unknown): Promise<Answer> {
    const headers = { "Content-Type": "application/json" };
    return this.#json(path, { method: "POST", headers, body: JSON.stringify(content) });
  }

  async #json<Answer>(path: string, request?: RequestInit): Promise<Answer> {
    const response = await fetch(this.#address + path, request);
    if (!response.ok) {
      throw new Error(`${path}: ${response.status} ${await response.text()}`);
    }
    return (await response.json()) as Answer;
  }
}
