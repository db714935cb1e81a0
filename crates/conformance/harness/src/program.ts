/** A program that prints digests, as the native one does, or something that takes the same arguments. */
import type { Ask } from "./compare.js";
import { endGroup, endIfInterrupted, startGroup } from "./group.js";
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
  /** After how many milliseconds without a word it is taken to be stuck, and ended. */
  readonly longestSilence?: number;
}

/** Tells the digests of so many states as they come: one line for each number. */
export async function digests(
  command: Command,
  order: Order,
  numbers: readonly number[],
  { line, ...listener }: Listener,
): Promise<void> {
  const take = (text: string) => line(JSON.parse(text) as Line);
  await run([...command, order, ...numbers.map(String)], take, listener);
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

/** All programs tell every second how far they have got. One that says nothing for so long has got stuck. */
const LONGEST_SILENCE_MS = 600_000;
/** How long a program may take to tidy up when it is ended: browsers have to be closed. */
const TIDYING_UP_MS = 10_000;

/** Gives the lines of standard output. On standard error come numbers: how far it has got; all else is a complaint. */
function run(
  [program, ...args]: readonly [string, ...string[]],
  take: (line: string) => void,
  { progress = () => undefined, signal, longestSilence = LONGEST_SILENCE_MS }: Omit<Listener, "line"> = {},
): Promise<void> {
  return new Promise((done, failed) => {
    const child = startGroup(program, args, { cwd: ROOT });
    const complaints: string[] = [];
    const timers: NodeJS.Timeout[] = [];
    const end = (why: unknown) => {
      failed(why);
      endGroup(child, "SIGTERM");
      timers.push(setTimeout(() => endGroup(child, "SIGKILL"), TIDYING_UP_MS));
    };
    const stuck = () => end(new Error(`it said nothing for ${longestSilence / 60_000} minutes`));
    const silence = setTimeout(stuck, longestSilence);
    const forget = endIfInterrupted(child, "SIGTERM");
    const abort = () => end(new Error("it was ended because another row failed"));
    signal?.addEventListener("abort", abort, { once: true });
    timers.push(silence);
    eachLine(child.stdout, (line) => {
      silence.refresh();
      try {
        take(line);
      } catch (error) {
        end(error);
      }
    });
    eachLine(child.stderr, (line) => {
      silence.refresh();
      if (/^\d+$/.test(line)) {
        progress(Number(line));
      } else {
        complaints.push(line);
      }
    });
    child.on("error", failed);
    child.on("close", (code, killedBy) => {
      timers.forEach(clearTimeout);
      signal?.removeEventListener("abort", abort);
      forget();
      const how = `${[program, ...args].join(" ")} ended with ${code ?? killedBy}`;
      if (code === 0) {
        done();
      } else {
        failed(new Error([how, ...complaints].join("\n")));
      }
    });
  });
}

function eachLine(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.filter((line) => line !== "").forEach(take);
  });
}
