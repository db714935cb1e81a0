/** Programs with deadlines. Each runs in a process group of its own, and ends with all processes that it started. */
import { type ChildProcess, spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";

import type { Command } from "./app.js";

/** How long a program may take. */
const PATIENCE_MS = 480_000;

export interface Place {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface Running {
  /** What the program has printed. */
  output(): string;
  /** Settles when the program ends: rejects if it fails. */
  readonly ended: Promise<void>;
  /** Ends the program and all that it started. */
  stop(): void;
}

const groups = new Set<number>();

process.on("exit", () => groups.forEach(end));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => process.exit(1));
}

/** Runs a program to its end. Returns its output. */
export async function run(command: Command, place: Place): Promise<string> {
  const running = start(command, place);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ProgramError(command, "does not end", running.output())),
      PATIENCE_MS,
    );
  });
  try {
    await Promise.race([running.ended, late]);
    return running.output();
  } finally {
    clearTimeout(timer);
    running.stop();
  }
}

/** Starts a program. */
export function start(command: Command, { folder, env }: Place): Running {
  const [program, ...options] = command;
  const child = spawn(program, options, {
    cwd: folder,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pieces: Buffer[] = [];
  const output = () => Buffer.concat(pieces).toString();
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  child.stderr.on("data", (piece: Buffer) => pieces.push(piece));
  const { pid } = child;
  if (pid !== undefined) {
    groups.add(pid);
  }
  const ended = endOf(child, command, output);
  // It may fail while nobody waits for it.
  ended.catch(() => undefined);
  return { output, ended, stop: () => pid !== undefined && end(pid) };
}

function endOf(child: ChildProcess, command: Command, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    // A process that it leaves behind can hold the output open, so "close" may never come.
    child.on("exit", (code) => {
      const result = () =>
        code === 0 ? resolve() : reject(new ProgramError(command, `fails with ${code}`, output()));
      setImmediate(result);
    });
  });
}

/** Ends a process group, which may already have ended. */
function end(group: number): void {
  groups.delete(group);
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** A program that failed, with its output. */
export class ProgramError extends Error {
  readonly output: string;

  constructor([program, ...options]: Command, what: string, output: string) {
    super(`${[program.split("/").at(-1), ...options].join(" ")} ${what}: ${clueIn(output)}`);
    this.output = output;
  }
}

/** Returns the line of the output that says most about a failure. */
export function clueIn(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("at "));
  const found = SIGNS.map((sign) => lines.find((line) => sign.test(line))).find((line) => line !== undefined);
  return found ?? lines.at(-1) ?? "it prints nothing";
}

/** What lines about a failure look like, the clearest first. */
const SIGNS = [
  /^(\W*\w+ )?\w*Error\b.*:/,
  /^\W*error\b.*:/i,
  /\berror\b/i,
  /cannot|could not|must|failed to resolve/i,
  /failed/i,
];
