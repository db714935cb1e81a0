/** Process groups: programs that end together with everything they have started. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** Windows has no process groups, so there only the program itself is ended. */
const HAS_GROUPS = process.platform !== "win32";

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Starts a program in its own process group, with its output piped. */
export function startGroup(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
): ChildProcess {
  return spawn(program, args, { ...options, detached: HAS_GROUPS, stdio: ["ignore", "pipe", "pipe"] });
}

/** Sends a signal to a program and everything it has started. */
export function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(HAS_GROUPS ? -pid : pid, signal);
  } catch (error) {
    // It may already have ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}

/**
 * Ends a program when this one is interrupted: Ctrl-C in a terminal reaches only the process group of this program.
 * Returns a function that removes the handlers.
 */
export function endIfInterrupted(child: ChildProcess, how: NodeJS.Signals): () => void {
  const handle = (signal: NodeJS.Signals) => {
    endGroup(child, how);
    remove();
    process.kill(process.pid, signal);
  };
  const remove = () => {
    for (const signal of INTERRUPTS) {
      process.off(signal, handle);
    }
  };
  for (const signal of INTERRUPTS) {
    process.on(signal, handle);
  }
  return remove;
}
