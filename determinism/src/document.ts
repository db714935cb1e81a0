/** Puts the table of the full run into the documentation. */
import { readFileSync, writeFileSync } from "node:fs";
import { release, type } from "node:os";
import { join } from "node:path";

import { ORDERS } from "./hosts/report.js";
import { printed, processor, ROOT } from "./system.js";
import { type Result, table } from "./table.js";

const FILE = join(ROOT, "docs/determinism.md");
const BEGIN = "<!-- The full run begins here; scripts/determinism --full writes it. -->";
const END = "<!-- The full run ends here. -->";

export function writeDocument(results: readonly Result[]): void {
  const text = readFileSync(FILE, "utf8");
  const [begin, end] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  writeFileSync(FILE, `${text.slice(0, begin)}\n\n${section(results)}\n\n${text.slice(end)}`);
}

function section(results: readonly Result[]): string {
  const date = new Date().toISOString().slice(0, 10);
  const rust = printed("rustc", "--version").replace(/ \(.*/, "");
  const [first] = results;
  const whole = ORDERS.map((order) => `- ${order}: \`${first?.digests[order]}\``);
  return [
    `On ${date}, ${processor()}, ${type()} ${release()}, ${rust}. Several rows ran at once; seconds are those of the clock.`,
    table(results),
    "The first row's digests in full:",
    whole.join("\n"),
  ].join("\n\n");
}
