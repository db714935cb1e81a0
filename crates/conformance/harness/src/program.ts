/** Runs programs that print digests. All of them take the arguments of the native program `digest`. */
import type { DigestSource } from "./compare.js";
import { endGroup, endIfInterrupted, startGroup } from "./group.js";
import type { Line, Order } from "./hosts/report.js";
import { ROOT } from "./system.js";

/** A program and its first arguments. */
export type Command = readonly [string, ...string[]];

/** Callbacks and limits of a running program. */
export interface Listener {
  /** Receives the number of states covered so far. */
  readonly progress?: (states: number) => void;
  /** Receives a digest. If this throws, the program is ended. */
  readonly line: (line: Line) => void;
  /** Ends the program. */
  readonly signal?: AbortSignal;
  /** The number of milliseconds without output after which the program is considered stuck, and ended. */
  readonly longestSilence?: number;
}

/** Runs a program for several numbers of states, and delivers each digest as it arrives. */
export async function runDigests(
  command: Command,
  order: Order,
  numbers: readonly number[],
  { line, ...listener }: Listener,
): Promise<void> {
  const parse = (text: string) => line(JSON.parse(text) as Line);
  await run([...command, order, ...numbers.map(String)], parse, listener);
}

/** Returns a function that runs a program for one digest at a time. */
export function digestSource(command: Command, order: Order): DigestSource {
  return async (states) => {
    let digest = "";
    await runDigests(command, order, [states], {
      line: (line) => {
        digest = line.digest;
      },
    });
    return digest;
  };
}

/** Returns the transcript of one state. */
export async function describe(command: Command, order: Order, state: number): Promise<string> {
  const lines: string[] = [];
  await run([...command, order, "--state", String(state)], (line) => lines.push(line));
  return lines.join("\n");
}

/** Programs report their progress every second, so one that stays silent for this long is stuck. */
const LONGEST_SILENCE_MS = 600_000;
/** The time between SIGTERM and SIGKILL: browsers take a while to close. */
const CLEANUP_MS = 10_000;

/** Delivers each line of standard output. On standard error, a number is progress and anything else an error message. */
function run(
  [program, ...args]: readonly [string, ...string[]],
  onLine: (line: string) => void,
  { progress = () => undefined, signal, longestSilence = LONGEST_SILENCE_MS }: Omit<Listener, "line"> = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = startGroup(program, args, { cwd: ROOT });
    const messages: string[] = [];
    const timers: NodeJS.Timeout[] = [];
    const end = (reason: unknown) => {
      reject(reason);
      endGroup(child, "SIGTERM");
      timers.push(setTimeout(() => endGroup(child, "SIGKILL"), CLEANUP_MS));
    };
    const stuck = () => end(new Error(`no output for ${longestSilence / 60_000} minutes`));
    const silence = setTimeout(stuck, longestSilence);
    const removeHandlers = endIfInterrupted(child, "SIGTERM");
    const abort = () => end(new Error("ended because another row failed"));
    signal?.addEventListener("abort", abort, { once: true });
    timers.push(silence);
    eachLine(child.stdout, (line) => {
      silence.refresh();
      try {
        onLine(line);
      } catch (error) {
        end(error);
      }
    });
    eachLine(child.stderr, (line) => {
      silence.refresh();
      if (/^\d+$/.test(line)) {
        progress(Number(line));
      } else {
        messages.push(line);
      }
    });
    child.on("error", reject);
    child.on("close", (code, killedBy) => {
      timers.forEach(clearTimeout);
      signal?.removeEventListener("abort", abort);
      removeHandlers();
      if (code === 0) {
        resolve();
      } else {
        const exit = `${[program, ...args].join(" ")} ended with ${code ?? killedBy}`;
        reject(new Error([exit, ...messages].join("\n")));
      }
    });
  });
}

function eachLine(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.filter((line) => line !== "").forEach(onLine);
  });
}
