/** Tells people how it goes. */
import { grouped } from "./table.js";

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const MILLISECONDS_BETWEEN = 10_000;

/** Tells how far something has got, now and then. */
export function progress(name: string, of: number): (states: number) => void {
  let told = performance.now();
  return (states) => {
    if (performance.now() - told >= MILLISECONDS_BETWEEN) {
      told = performance.now();
      say(`    ${name}: ${grouped(states)} of ${grouped(of)} states`);
    }
  };
}
