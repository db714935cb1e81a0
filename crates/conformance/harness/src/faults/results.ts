/** Tells what has noticed which fault. */
import type { Fault } from "./list.js";
import type { Outcomes } from "./notice.js";

/** A fault, and what noticed it. */
export interface Result {
  readonly fault: Fault;
  readonly outcomes: Outcomes;
}

/** How many were noticed by neither test. */
export function unnoticed(results: readonly Result[]): number {
  return results.filter(({ outcomes }) => passes(outcomes)).length;
}

/** Whether neither test has noticed anything. */
export function passes({ vectors, digest }: Outcomes): boolean {
  return vectors.noticed === "no" && digest.noticed === "no";
}

/** The table of docs/determinism.md. */
export function table(results: readonly Result[]): string {
  const lines = results.map(({ fault: { name, file, only }, outcomes: { vectors, digest } }) =>
    row(name, `\`${file}\``, only ?? "every one", vectors.noticed, digest.noticed),
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
