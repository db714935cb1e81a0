/** The services of docker-compose.yml: Redis, two servers, and nginx with its cache in front of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { binary } from "./prerequisites.js";
import { until } from "./until.js";

const SCRIPT = fileURLToPath(new URL("../../../../../scripts/run-several", import.meta.url));

/** The line that names the first address. */
const NGINX = /^nginx\s+http:\/\/127\.0\.0\.1:(\d+)$/m;

/** Several servers behind nginx. */
export interface Several {
  /** The port of nginx. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts everything on free ports. */
export async function startSeveral(): Promise<Several> {
  const child = spawn(SCRIPT, [], {
    // A group of its own, because the script starts other programs.
    detached: true,
    env: { ...process.env, TICKSEED_BINARY: binary() },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const started = (): RegExpExecArray | undefined => {
    if (child.exitCode !== null) {
      throw new Error(`scripts/run-several ended with ${child.exitCode}: ${output}`);
    }
    return NGINX.exec(output) ?? undefined;
  };
  const greeting = await until("the address of nginx", started, 60_000);
  return { port: Number(greeting[1]), stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.pid !== undefined) {
    const ended = once(child, "exit");
    process.kill(child.pid, "SIGTERM");
    await ended;
  }
}
