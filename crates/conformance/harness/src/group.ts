/** Programs with all that they start, which end together. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** Windows has no groups of processes: there only the program itself can be ended. */
const HAS_GROUPS = process.platform !== "win32";

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Starts a program in a group of its own; ended alone, it would leave behind what it has started. Its output is piped. */
export function startGroup(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
): ChildProcess {
  return spawn(program, args, { ...options, detached: HAS_GROUPS, stdio: ["ignore", "pipe", "pipe"] });
}

export function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(HAS_GROUPS ? -pid : pid, signal);
  } catch (error) {
    // It may have ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}

/** Ctrl-C in a terminal does not reach other groups than this program's own. Gives what undoes it. */
export function endIfInterrupted(child: ChildProcess, how: NodeJS.Signals): () => void {
  const pass = (signal: NodeJS.Signals) => {
    endGroup(child, how);
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
