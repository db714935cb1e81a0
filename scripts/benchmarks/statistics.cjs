/** What the benchmarks make of numbers that were measured in turns. */

// The 97.5 % quantiles of Student's t distribution for 1, 2, ... degrees of freedom, from a standard table.
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042];

/** Returns the geometric mean of ratios, and both ends of its 95 % interval. */
function interval(ratios) {
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const half = (T[logs.length - 2] ?? 1.96) * Math.sqrt(variance / logs.length);
  return [mean, mean - half, mean + half].map(Math.exp);
}

/** Returns the number in the middle. */
function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

/**
 * Returns both ends of the 95 % interval of the median, or nothing if there are fewer than six numbers. It assumes nothing of the
 * numbers but that they are independent: the ends are two of them, whose ranks come from the normal approximation to the binomial
 * distribution, rounded outward.
 */
function medianInterval(numbers) {
  const count = numbers.length;
  if (count < 6) return undefined;
  const sorted = numbers.toSorted((one, other) => one - other);
  const half = 0.98 * Math.sqrt(count);
  const low = Math.max(0, Math.floor(count / 2 - half));
  return [sorted[low], sorted[count - 1 - low]];
}

module.exports = { interval, median, medianInterval };
