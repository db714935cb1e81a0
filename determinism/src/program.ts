/** A program that prints digests, as the native one does, or something that takes the same arguments. */
import { spawn } from "node:child_process";

import type { Line, Order } from "./hosts/report.js";
import { ROOT } from "./system.js";

/** How a program is started: its name and its first arguments. */
export type Command = readonly [string, ...string[]];

/** The digests of so many states; one line for each number. */
export async function digests(
  command: Command,
  order: Order,
  numbers: readonly number[],
  progress: (states: number) => void = () => undefined,
): Promise<Line[]> {
  const output = await run([...command, order, ...numbers.map(String)], progress);
  return output.map((line) => JSON.parse(line) as Line);
}

/** One state in words. */
export async function describe(command: Command, order: Order, state: number): Promise<string> {
  return (await run([...command, order, "--state", String(state)])).join("\n");
}

/** Lines of standard output. On standard error come numbers: how far it has got; all else is a complaint. */
function run(
  [program, ...args]: readonly [string, ...string[]],
  progress: (states: number) => void = () => undefined,
): Promise<string[]> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const output: string[] = [];
    const complaints: string[] = [];
    eachLine(child.stdout, (line) => output.push(line));
    eachLine(child.stderr, (line) => {
      if (/^\d+$/.test(line)) {
        progress(Number(line));
      } else {
        complaints.push(line);
      }
    });
    child.on("error", failed);
    child.on("close", (code) => {
      if (code === 0) {
        done(output);
      } else {
        failed(new Error(`${[program, ...args].join(" ")} ended with ${code}:\n${complaints.join("\n")}`));
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
