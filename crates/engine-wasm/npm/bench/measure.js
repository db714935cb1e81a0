/** Times what can be called many times over, all in turns, so that a busy moment of the machine falls on all alike. */

const ROUNDS = 301;
/** How long one case runs in one round, at least: short, so that most turns end before the system lets others run. */
const TURN_NS = 1_000_000;

/**
 * @typedef {(count: number) => number} Loop Makes so many calls, and gives the sum of their answers.
 */

/**
 * Nanoseconds a call, by name: one number a round.
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
 * How many calls fill a turn. Asking has the code compiled at its best, too.
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
  // Looked at also because calls whose answers nobody looks at may be left out.
  if (Number.isNaN(sum)) {
    throw new Error("a call did not give a number");
  }
  return taken;
}
