/** Times loops in turns, so that a busy moment of the machine affects all alike. Runs in Node.js and in pages. */

/** Makes `count` calls and returns the sum of the results. */
export type Loop = (count: number) => number;

/** A loop, and what it calls where. */
export interface Case {
  readonly name: string;
  /** The step at which it is called. */
  readonly step: number;
  readonly loop: Loop;
}

/** What was measured. */
export interface Measured {
  readonly name: string;
  readonly step: number;
  /** The nanoseconds of a call, one number per round. */
  readonly times: readonly number[];
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** The shortest time of a loop in a round. If it is short, most loops finish before the system switches tasks. */
  readonly turnMs: number;
}

/**
 * Measures all cases, once per round.
 *
 * @param began Called with the number of each round when it begins.
 */
export async function measure(
  cases: readonly Case[],
  { rounds, turnMs }: Effort,
  began: (round: number) => void,
): Promise<Measured[]> {
  const counted = cases.map(({ name, step, loop }) => ({
    name,
    step,
    loop,
    count: countFor(loop, turnMs),
    times: [] as number[],
  }));
  for (let round = 1; round <= rounds; round++) {
    began(round);
    await pause();
    for (const { loop, count, times } of counted) {
      times.push((milliseconds(loop, count) * 1e6) / count);
    }
  }
  return counted.map(({ name, step, times }) => ({ name, step, times }));
}

/** Returns the number in the middle. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** Returns how many calls fill a turn. Also warms up the compiler. */
function countFor(loop: Loop, turnMs: number): number {
  let count = 1;
  while (milliseconds(loop, count) < turnMs) {
    count *= 2;
  }
  return count;
}

function milliseconds(loop: Loop, count: number): number {
  const start = performance.now();
  const sum = loop(count);
  const taken = performance.now() - start;
  // Uses the sum, because the compiler may remove calls with unused results.
  if (Number.isNaN(sum)) {
    throw new Error("a call did not return a number");
  }
  return taken;
}

/** Lets the page report progress. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
