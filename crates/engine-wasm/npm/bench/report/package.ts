/** The size of the npm package, and how soon a page has its first state. */
import { table } from "../../simulation/table.js";
import { type Bar, barsPlot } from "./bars.js";
import { grouped } from "./format.js";
import type { Part } from "./part.js";
import type { Lines, Raw } from "./raw.js";
import { median } from "./statistics.js";

const PARTS = ["total", "program", "file", "compile"] as const;
const MEANINGS = [
  "- *total*: from the call of `import` to the first state;",
  "- *program*: until the code was fetched, compiled and run;",
  "- *file*: while the WebAssembly file was fetched;",
  "- *compile*: while the browser compiled and instantiated the WebAssembly.",
];

export function npmPackage(raw: Raw): Part {
  const sizes = raw.text("package-sizes.md");
  const cold = raw.lines("package-cold.tsv");
  return {
    page: [
      "## Sizes",
      "In bytes, as `scripts/report-size` prints them. `scripts/report-size --check` has the limits.",
      "![Sizes of the files, gzipped](package-sizes.svg)",
      sizes,
      "## From the import to the first state",
      "In Chromium, from a server on the same machine: each page has a profile of its own, with nothing cached. Vite has built the " +
        "pages. Each cell has the median and the range, in milliseconds:",
      "![From the import to the first state](package-cold.svg)",
      coldTable(cold),
      MEANINGS.join("\n"),
    ].join("\n\n"),
    plots: {
      "package-sizes.svg": barsPlot("Sizes of files in bytes, gzipped", sizeBars(sizes)),
      "package-cold.svg": barsPlot("From the import to the first state, nothing cached", coldBars(cold)),
    },
    verdicts: [],
  };
}

/** Reads the column of gzipped sizes from the table of scripts/report-size. */
function sizeBars(markdown: string): Bar[] {
  const rows = markdown.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  return rows
    .filter(([, , raw = ""]) => /^\d+$/.test(raw))
    .map(([, name = "", , gzip = ""]) => ({ name, value: Number(gzip), label: grouped(Number(gzip)) }));
}

function timesOf(cold: Lines, entry: string, part: string): readonly number[] {
  const found = cold.find(([its, which]) => its === entry && which === part);
  return found?.slice(2).map(Number) ?? [];
}

function entries(cold: Lines): readonly string[] {
  return [...new Set(cold.map(([entry = ""]) => entry))];
}

function coldTable(cold: Lines): string {
  const rows = entries(cold).map((entry) => [
    entry,
    String(timesOf(cold, entry, "total").length),
    ...PARTS.map((part) => spread(timesOf(cold, entry, part))),
  ]);
  return table(["entry", "pages", ...PARTS], rows);
}

function spread(times: readonly number[]): string {
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return most === 0 ? "-" : `${median(times).toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)})`;
}

function coldBars(cold: Lines): Bar[] {
  return entries(cold).map((entry) => {
    const times = timesOf(cold, entry, "total");
    const range = [Math.min(...times), Math.max(...times)] as const;
    return { name: entry, value: median(times), label: `${median(times).toFixed(1)} ms`, range };
  });
}
