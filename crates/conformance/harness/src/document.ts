/** Puts the table of the full run into the documentation. */
import { readFileSync, writeFileSync } from "node:fs";
import { release, type } from "node:os";
import { join } from "node:path";

import { ORDERS } from "./hosts/report.js";
import type { Options } from "./options.js";
import { printed, processor, ROOT } from "./system.js";
import { type Result, table } from "./table.js";

const FILE = join(ROOT, "docs/determinism.md");
const BEGIN = "<!-- The full run begins here; scripts/determinism --full writes it. -->";
const END = "<!-- The full run ends here. -->";

export function writeDocument(results: readonly Result[], options: Options, packageDigest: string): void {
  writeFileSync(FILE, withRun(readFileSync(FILE, "utf8"), section(results, options, packageDigest)));
}

/**
 * The document with another run in it.
 *
 * @throws Error if it has no place for one.
 */
export function withRun(document: string, run: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Error(
      `docs/determinism.md has no longer a place for the full run, between ${BEGIN} and ${END}`,
    );
  }
  return `${document.slice(0, begin + BEGIN.length)}\n\n${run}\n\n${document.slice(end)}`;
}

function section(results: readonly Result[], { jobs }: Options, packageDigest: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const rust = printed("rustc", "--version").replace(/ \(.*/, "");
  const atOnce = jobs === 1 ? "One row ran at a time" : `${jobs} rows ran at once`;
  const [first] = results;
  const whole = ORDERS.map((order) => `- ${order}: \`${first?.digests[order]}\``);
  return [
    `On ${date}, ${processor()}, ${type()} ${release()}, ${rust}. ${atOnce}; seconds are those of the clock.`,
    table(results),
    "The first row's digests in full:",
    [...whole, `- the npm package's file, SHA-256: \`${packageDigest}\``].join("\n"),
  ].join("\n\n");
}
