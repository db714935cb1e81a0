/** The engine in Rust. */
import { line, type Part } from "./part.js";
import type { Raw } from "./raw.js";
import { farJump, flatness, stepsPlot, stepsTable } from "./steps.js";

const FAR_JUMP = 2_000;

export function engine(raw: Raw): Part {
  const cases = raw.cases("engine.tsv");
  const verdicts = [...flatness("engine", cases), farJump(cases, FAR_JUMP)];
  return {
    page: [
      "![What calls of the engine cost at each step](engine.svg)",
      stepsTable(cases),
      "## What must hold",
      verdicts.map((verdict) => `- ${line(verdict)}`).join("\n"),
    ].join("\n\n"),
    plots: { "engine.svg": stepsPlot("What calls of the engine cost, near and far, in Rust", cases) },
    verdicts,
  };
}
