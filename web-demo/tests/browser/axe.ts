/** Finds barriers for people with disabilities. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** The code of axe, to be run in the page. */
export const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Returns what axe finds, in short. Runs in the page, after {@link AXE}. */
export async function violations(): Promise<readonly string[]> {
  const { axe } = window as unknown as {
    axe: {
      run: () => Promise<{
        violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
      }>;
    };
  };
  const found = await axe.run();
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
  );
}

/** Returns by how many pixels the page is wider than its window. Runs in the page. */
export function overflow(): number {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}
