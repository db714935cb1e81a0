/** Messages for people. */
import { grouped } from "./table.js";

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Returns the message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const MILLISECONDS_BETWEEN_REPORTS = 10_000;

/** Returns a function that prints progress, at most once in ten seconds. */
export function progress(name: string, total: number): (states: number) => void {
  let lastReport = performance.now();
  return (states) => {
    if (performance.now() - lastReport >= MILLISECONDS_BETWEEN_REPORTS) {
      lastReport = performance.now();
      print(`    ${name}: ${grouped(states)} of ${grouped(total)} states`);
    }
  };
}
