/** The table of planted faults. */
import type { Outcomes } from "./detect.js";
import type { Fault } from "./list.js";

/** A fault and the outcomes of the tests. */
export interface Result {
  readonly fault: Fault;
  readonly outcomes: Outcomes;
}

/** Returns the number of faults that neither test detected. */
export function countUndetected(results: readonly Result[]): number {
  return results.filter(({ outcomes }) => bothPass(outcomes)).length;
}

/** Returns whether both tests pass. */
export function bothPass({ vectors, digest }: Outcomes): boolean {
  return vectors.detected === "no" && digest.detected === "no";
}

/** Returns the table of docs/determinism.md. */
export function table(results: readonly Result[]): string {
  const lines = results.map(({ fault: { name, file, only }, outcomes: { vectors, digest } }) =>
    row(name, `\`${file}\``, only ?? "any", vectors.detected, digest.detected),
  );
  const head = [
    row("fault", "file", "target", "vectors", "digest"),
    "|-------|------|--------|---------|--------|",
  ];
  return [...head, ...lines].join("\n");
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
