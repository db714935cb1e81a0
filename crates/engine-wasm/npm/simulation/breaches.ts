import type { FoundBreach } from "./measures.js";

/** Describes a broken promise, with the command that replays its session. */
export function howToSeeIt({ promise, scenario, seed, atMs, detail }: FoundBreach): string {
  return `${promise}, at ${atMs.toFixed(3)}: ${detail}; scripts/simulate-clock --replay ${scenario} ${seed}`;
}
