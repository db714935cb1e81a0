/** Runs a program that may go on forever, and ends it then, with all that it has started. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

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

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs a program until it ends, or its time does. */
export async function run(program: string, args: readonly string[], limits: Limits): Promise<Ended> {
  const { milliseconds, ...options } = limits;
  // In a group of its own, which can be ended as a whole: the program alone would leave behind what it has started.
  const child = spawn(program, args, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const forget = endIfInterrupted(child);
  let tooLong = false;
  const end = () => {
    tooLong = true;
    endGroup(child);
  };
  const timer = milliseconds === undefined ? undefined : setTimeout(end, milliseconds);
  try {
    return { ...(await ended(child)), tooLong };
  } finally {
    clearTimeout(timer);
    forget();
  }
}

/** Ctrl-C in a terminal does not reach other groups than this program's own. Gives what undoes it. */
function endIfInterrupted(child: ChildProcess): () => void {
  const pass = (signal: NodeJS.Signals) => {
    endGroup(child);
    forget();
    process.kill(process.pid, signal);
  };
  const forget = () => {
    for (const signal of INTERRUPTS) {
      process.off(signal, pass);
    }
  };
  for (const signal of INTERRUPTS) {
    process.on(signal, pass);
  }
  return forget;
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It may have ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
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
