/** How measurements leave a program: as lines on its standard output, while standard error shows the progress. */
import type { Measured } from "./measure.js";

/** Long enough for the clock of a page, which counts in steps of 5 µs. */
export const TURN_MS = 2;

/** Returns a line for each case. */
export function lines(measured: readonly Measured[]): string {
  return measured
    .map(({ name, step, times }) => `${[name, step, ...times.map((time) => time.toFixed(3))].join("\t")}\n`)
    .join("");
}

/** Returns a function that shows the number of a round. */
export function told(where: string, rounds: number): (round: number) => void {
  return (round) => {
    process.stderr.write(`\r${where}: round ${round} of ${rounds}${round === rounds ? "\n" : ""}`);
  };
}
