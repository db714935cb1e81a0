/**
 * `scripts/planted-faults`: plants each fault in a copy of the engine, and looks whether the vectors and the digest notice.
 * Prints a table in Markdown, and fails if one goes unnoticed.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { say } from "../say.js";
import { ROOT } from "../system.js";
import { FAULTS, type Fault } from "./list.js";
import { type Noticed, notice } from "./notice.js";

/** The engine, what tests it, and what Cargo needs to build them. */
const COPIED = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "README.md", "docs", "crates"];

function main(): number {
  const only = process.argv[2] ?? "";
  const chosen = FAULTS.filter(({ name, file }) => name.includes(only) || file === only);
  const copy = copyOfWorkspace();
  const none = notice(copy, undefined);
  if (none.vectors || none.digest) {
    say("the engine without a fault does not pass");
    return 1;
  }
  const results = chosen.map((fault, place) => {
    say(`[${place + 1}/${chosen.length}] ${fault.name}`);
    return { fault, noticed: planted(copy, fault) };
  });
  say(`\n${table(results)}\n`);
  const unnoticed = results.filter(({ noticed }) => !(noticed.vectors || noticed.digest)).length;
  say(`${results.length - unnoticed} passed, ${unnoticed} failed`);
  return unnoticed === 0 ? 0 : 1;
}

process.exitCode = main();

function copyOfWorkspace(): string {
  const copy = join(ROOT, "artifacts", "planted-faults");
  rmSync(join(copy, "crates"), { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of COPIED) {
    cpSync(join(ROOT, name), join(copy, name), {
      recursive: true,
      filter: (file) => !/node_modules|\/dist$|\/generated$/.test(file),
    });
  }
  return copy;
}

/** What notices the fault. The engine is as it was afterwards. */
function planted(copy: string, fault: Fault): Noticed {
  const file = join(copy, "crates/engine/src", fault.file);
  const text = readFileSync(file, "utf8");
  if (text.split(fault.right).length !== 2) {
    throw new Error(`${fault.file} does not have this once: ${fault.right}`);
  }
  writeFileSync(
    file,
    text.replace(fault.right, () => fault.wrong),
  );
  try {
    return notice(copy, fault.only);
  } finally {
    writeFileSync(file, text);
  }
}

function table(results: readonly { fault: Fault; noticed: Noticed }[]): string {
  const yes = (noticed: boolean) => (noticed ? "yes" : "no");
  const lines = results.map(
    ({ fault, noticed }) =>
      `| ${fault.name} | \`${fault.file}\` | ${fault.only ?? "every one"} | ${yes(noticed.vectors)} | ${yes(noticed.digest)} |`,
  );
  return [
    "| fault | file | target | vectors | digest |",
    "|-------|------|--------|---------|--------|",
    ...lines,
  ].join("\n");
}
