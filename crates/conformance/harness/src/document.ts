/** Writes the table of the full run into the documentation. */
import { readFileSync, writeFileSync } from "node:fs";
import { release, type } from "node:os";
import { join } from "node:path";

import { ORDERS } from "./hosts/report.js";
import { type Options, SCHEDULES } from "./options.js";
import { outputOf, processorName, ROOT } from "./system.js";
import { type Result, table } from "./table.js";

const FILE = join(ROOT, "docs/determinism.md");
const BEGIN = "<!-- The full run begins here; scripts/determinism --full writes it. -->";
const END = "<!-- The full run ends here. -->";

export function writeDocument(results: readonly Result[], options: Options, packageDigest: string): void {
  writeFileSync(FILE, withRun(readFileSync(FILE, "utf8"), section(results, options, packageDigest)));
}

/**
 * Returns the document with its full run replaced.
 *
 * @throws Error if the markers of the full run are missing.
 */
export function withRun(document: string, run: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Error(`docs/determinism.md has no place for the full run, between ${BEGIN} and ${END}`);
  }
  return `${document.slice(0, begin + BEGIN.length)}\n\n${run}\n\n${document.slice(end)}`;
}

function section(results: readonly Result[], { jobs }: Options, packageDigest: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const rust = outputOf("rustc", "--version").replace(/ \(.*/, "");
  const atOnce = jobs === 1 ? "One row ran at a time" : `${jobs} rows ran at once`;
  const [first] = results;
  const fullDigests = ORDERS.map((order) => `- ${order}: \`${first?.digests[order]}\``);
  return [
    `On ${date}, ${processorName()}, ${type()} ${release()}, ${rust}. ${atOnce}; seconds are wall-clock time. ` +
      SCHEDULES,
    table(results),
    "The first row's digests in full:",
    [...fullDigests, `- the npm package's file, SHA-256: \`${packageDigest}\``].join("\n"),
  ].join("\n\n");
}
