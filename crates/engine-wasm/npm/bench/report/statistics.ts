/** The statistics of the benchmarks, which the scripts share. */
import { createRequire } from "node:module";

interface Statistics {
  median(numbers: readonly number[]): number;
  medianInterval(numbers: readonly number[]): readonly [number, number] | undefined;
}

// As far from the repository's root as the compiled file in artifacts/bench/program.
const FILE = "../../../../../scripts/benchmarks/statistics.cjs";
const statistics = createRequire(import.meta.url)(FILE) as Statistics;

export const { median, medianInterval } = statistics;
