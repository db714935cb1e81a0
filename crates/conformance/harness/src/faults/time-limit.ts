/** Runs programs with a time limit. */
import type { ChildProcess, SpawnOptions } from "node:child_process";

import { endGroup, endIfInterrupted, startGroup } from "../group.js";

/** The end of a program. */
export interface Exit {
  /** `undefined` if a signal ended the program. */
  readonly status: number | undefined;
  /** Whether the program was ended at its time limit. */
  readonly timedOut: boolean;
  /** Standard output and standard error. */
  readonly output: string;
}

export interface RunOptions extends Pick<SpawnOptions, "cwd" | "env"> {
  /** The time limit. */
  readonly milliseconds?: number;
}

/** Runs a program until it ends. At its time limit it is killed, with everything it has started. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<Exit> {
  const { milliseconds, ...spawnOptions } = options;
  const child = startGroup(program, args, spawnOptions);
  const removeHandlers = endIfInterrupted(child, "SIGKILL");
  let timedOut = false;
  const end = () => {
    timedOut = true;
    endGroup(child, "SIGKILL");
  };
  const timer = milliseconds === undefined ? undefined : setTimeout(end, milliseconds);
  try {
    return { ...(await exitOf(child)), timedOut };
  } finally {
    clearTimeout(timer);
    removeHandlers();
  }
}

/** Resolves once the program and every process that shares its output have ended. */
function exitOf(child: ChildProcess): Promise<Omit<Exit, "timedOut">> {
  return new Promise((resolve, reject) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? undefined, output }));
  });
}
