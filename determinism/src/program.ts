/** A program that prints digests, as the native one does, or something that takes the same arguments. */
import { spawn } from "node:child_process";

import type { Ask } from "./compare.js";
import type { Line, Order } from "./hosts/report.js";
import { ROOT } from "./system.js";

/** How a program is started: its name and its first arguments. */
export type Command = readonly [string, ...string[]];

/** Who listens to a program while it runs. */
export interface Listener {
  /** How many states it has passed. */
  readonly progress?: (states: number) => void;
  /** A digest. The program is ended if this throws. */
  readonly line: (line: Line) => void;
  /** Ends the program. */
  readonly signal?: AbortSignal;
}

/** Tells the digests of so many states as they come: one line for each number. */
export async function digests(
  command: Command,
  order: Order,
  numbers: readonly number[],
  { line, progress = () => undefined, signal }: Listener,
): Promise<void> {
  await run(
    [...command, order, ...numbers.map(String)],
    (text) => line(JSON.parse(text) as Line),
    progress,
    signal,
  );
}

/** Asks a program for one digest at a time. */
export function asking(command: Command, order: Order): Ask {
  return async (states) => {
    let digest = "";
    await digests(command, order, [states], {
      line: (line) => {
        digest = line.digest;
      },
    });
    return digest;
  };
}

/** One state in words. */
export async function describe(command: Command, order: Order, state: number): Promise<string> {
  const lines: string[] = [];
  await run([...command, order, "--state", String(state)], (line) => lines.push(line));
  return lines.join("\n");
}

/** Gives the lines of standard output. On standard error come numbers: how far it has got; all else is a complaint. */
function run(
  [program, ...args]: readonly [string, ...string[]],
  take: (line: string) => void,
  progress: (states: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal && { signal }),
    });
    const complaints: string[] = [];
    eachLine(child.stdout, (line) => {
      try {
        take(line);
      } catch (error) {
        failed(error);
        child.kill();
      }
    });
    eachLine(child.stderr, (line) => {
      if (/^\d+$/.test(line)) {
        progress(Number(line));
      } else {
        complaints.push(line);
      }
    });
    child.on("error", failed);
    child.on("close", (code, killedBy) => {
      if (code === 0) {
        done();
      } else {
        failed(
          new Error(
            `${[program, ...args].join(" ")} ended with ${code ?? killedBy}:\n${complaints.join("\n")}`,
          ),
        );
      }
    });
  });
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.filter((line) => line !== "").forEach(take);
  });
}
