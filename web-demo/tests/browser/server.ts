/** The real server, as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { State } from "tickseed";

import type { SessionAnswer, Wish } from "../../src/server.js";
import { until } from "../until.js";
import { BINARY } from "./prerequisites.js";

const GREETING = /tickseed listens on (http:\/\/\S+:(\d+))/;

/** A server and the folder that it keeps its sessions in. */
export class TestServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "tickseed-web-demo-"));
  #process: ChildProcess | undefined;
  #port = 0;
  #address = "";

  /** Where it listens. */
  get address(): string {
    return this.#address;
  }

  /** Starts it; after the first time on the same port again. */
  async start(): Promise<void> {
    const child = spawn(BINARY, ["serve", "--port", String(this.#port), "--data-dir", this.#folder], {
      env: { ...process.env, TICKSEED_LOG: "warn" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    const greeting = await until("the server's greeting", () => {
      if (child.exitCode !== null) {
        throw new Error(`the server ended with ${child.exitCode}: ${output}`);
      }
      return GREETING.exec(output) ?? undefined;
    });
    this.#address = greeting[1] ?? "";
    this.#port = Number(greeting[2]);
  }

  /** Ends it without any warning. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  }

  /** Ends it and forgets its sessions. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  /** Creates a session. */
  create(wish: Wish): Promise<SessionAnswer> {
    const headers = { "Content-Type": "application/json" };
    return this.#json("/v1/sessions", { method: "POST", headers, body: JSON.stringify(wish) });
  }

  /** Reads a session. */
  session(id: string): Promise<SessionAnswer> {
    return this.#json(`/v1/sessions/${id}`);
  }

  /** The state at an instant, as the server computes it. */
  async stateAt(id: string, instant: number): Promise<State> {
    const at = new Date(instant).toISOString();
    const { step, value, round, broken } = await this.#json<State>(`/v1/sessions/${id}/state?at=${at}`);
    return { step, value, round, broken };
  }

  async #json<Answer>(path: string, request?: RequestInit): Promise<Answer> {
    const response = await fetch(this.#address + path, request);
    if (!response.ok) {
      throw new Error(`${path}: ${response.status} ${await response.text()}`);
    }
    return (await response.json()) as Answer;
  }
}
