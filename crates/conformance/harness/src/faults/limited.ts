/** Runs a program that may go on forever, and ends it then, with all that it has started. */
import type { ChildProcess, SpawnOptions } from "node:child_process";

import { endGroup, endIfInterrupted, startGroup } from "../group.js";

/** What came of it. */
export interface Ended {
  /** `undefined` if it was ended. */
  readonly status: number | undefined;
  /** Whether it was ended because its time was over. */
  readonly tooLong: boolean;
  /** What it printed, errors included. */
  readonly output: string;
}

export interface Limits extends Pick<SpawnOptions, "cwd" | "env"> {
  /** How long it may take. */
  readonly milliseconds?: number;
}

/** Runs a program until it ends, or its time does. */
export async function run(program: string, args: readonly string[], limits: Limits): Promise<Ended> {
  const { milliseconds, ...options } = limits;
  const child = startGroup(program, args, options);
  const forget = endIfInterrupted(child, "SIGKILL");
  let tooLong = false;
  const end = () => {
    tooLong = true;
    endGroup(child, "SIGKILL");
  };
  const timer = milliseconds === undefined ? undefined : setTimeout(end, milliseconds);
  try {
    return { ...(await ended(child)), tooLong };
  } finally {
    clearTimeout(timer);
    forget();
  }
}

/** Settles once the program has ended, and everything that prints for it. */
function ended(child: ChildProcess): Promise<Omit<Ended, "tooLong">> {
  return new Promise((done, failed) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", failed);
    child.on("close", (status) => done({ status: status ?? undefined, output }));
  });
}
