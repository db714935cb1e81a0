/** The engine in WebAssembly, called from JavaScript. */
import { table } from "../../simulation/table.js";
import { digits, duration } from "./format.js";
import { line, type Part } from "./part.js";
import type { Cases, Raw } from "./raw.js";
import { median } from "./statistics.js";
import { flatness, stepsPlot, stepsTable } from "./steps.js";

const EMPTY = "an empty call";
const BULK = "an array of 1,000,000 states";
const STATES = 1e6;
/** The step of the table of ratios. */
const STEP = 1e6;

export function wasm(raw: Raw): Part {
  const hosts = [
    ["Node.js", "wasm-node"],
    ["Chromium", "wasm-chromium"],
  ].map(([host = "", file = ""]) => ({ host, file, cases: raw.cases(`${file}.tsv`) }));
  const verdicts = hosts.flatMap(({ host, cases }) => flatness(host, cases));
  const sections = hosts.map(({ host, file, cases }) =>
    [
      `## ${host}`,
      `![What calls from JavaScript cost at each step in ${host}](${file}.svg)`,
      stepsTable(cases),
      againstEmpty(cases),
    ].join("\n\n"),
  );
  return {
    page: [
      ...sections,
      ...inDetail(raw),
      "## What must hold",
      verdicts.map((verdict) => `- ${line(verdict)}`).join("\n"),
    ].join("\n\n"),
    plots: Object.fromEntries(
      hosts.map(({ host, file, cases }) => [
        `${file}.svg`,
        stepsPlot(`What calls from JavaScript cost, near and far, in ${host}`, cases),
      ]),
    ),
    verdicts,
  };
}

/** Returns the tables of scripts/bench-wasm. */
function inDetail(raw: Raw): readonly string[] {
  return [
    "## What the classes of the npm package add",
    "Printed by `scripts/bench-wasm`, in Node.js. The rows *by the bindings alone* call the module directly; all others go through the " +
      "classes of the package.",
    raw.text("wasm-calls.md"),
    "## The engine as JavaScript",
    "The engine of `tickseed/js`, for platforms without WebAssembly, printed by `scripts/bench-wasm --javascript`:",
    raw.text("wasm-javascript.md"),
  ];
}

/** Compares the calls with a WebAssembly function that only returns its argument. */
function againstEmpty(cases: Cases): string {
  const names = cases.names.filter((name) => name !== EMPTY && cases.steps(name).includes(STEP));
  const rows = names.map((name) => {
    const calls = name === BULK ? STATES : 1;
    const times = cases.times(name, STEP).map((time) => time / calls);
    const ratios = cases.ratios([name, STEP], [EMPTY, 0]).map((ratio) => ratio / calls);
    return [name === BULK ? "each state of an array" : name, duration(median(times)), digits(median(ratios))];
  });
  const empty = duration(median(cases.times(EMPTY, 0)));
  return [
    "At step 1,000,000, relative to a WebAssembly function that only returns its argument:",
    table(["call", "time", "relative"], [[EMPTY, empty, "1"], ...rows]),
  ].join("\n\n");
}
