/** Times loops in turn, so that a busy moment of the machine affects all alike. */

const ROUNDS = 301;
/** The shortest time of a loop in a round. It is short, so that most loops finish before the system switches tasks. */
const TURN_NS = 1_000_000;

/**
 * @typedef {(count: number) => number} Loop Makes `count` calls and returns the sum of the results.
 */

/**
 * Returns the nanoseconds per call by name, one number per round.
 *
 * @param {Record<string, Loop>} loops
 * @returns {Record<string, number[]>}
 */
export function measure(loops) {
  const counts = Object.entries(loops).map(([name, loop]) => [name, loop, countFor(loop)]);
  const times = Object.fromEntries(counts.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, loop, count] of counts) {
      times[name].push(time(loop, count) / count);
    }
  }
  return times;
}

/** @param {readonly number[]} numbers */
export function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

/**
 * Returns how many calls fill a turn. Also warms up the compiler.
 *
 * @param {Loop} loop
 */
function countFor(loop) {
  let count = 1_000;
  while (time(loop, count) < TURN_NS) {
    count *= 2;
  }
  return count;
}

/**
 * @param {Loop} loop
 * @param {number} count
 */
function time(loop, count) {
  const start = process.hrtime.bigint();
  const sum = loop(count);
  const taken = Number(process.hrtime.bigint() - start);
  // Uses the sum, because the compiler may remove calls with unused results.
  if (Number.isNaN(sum)) {
    throw new Error("a call did not return a number");
  }
  return taken;
}
