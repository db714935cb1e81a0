/**
 * `scripts/planted-faults`: plants each fault in a copy of the engine, and looks whether the vectors and the digest notice.
 * Prints a table in Markdown, and fails if one goes unnoticed.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { say } from "../say.js";
import { ROOT } from "../system.js";
import { choose, type Fault } from "./list.js";
import { notice, type Outcomes } from "./notice.js";
import { passes, type Result, table, unnoticed } from "./results.js";

/** The engine, what tests it, and what Cargo needs to build them. */
const COPIED = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "README.md", "docs", "crates"];

async function main(): Promise<number> {
  const only = process.argv[2] ?? "";
  const chosen = choose(only);
  if (chosen.length === 0) {
    say(`error: no fault has ${only} in its name, and none is in a file that is called so`);
    return 1;
  }
  const copy = copyOfWorkspace();
  for (const target of new Set(chosen.map(({ only }) => only))) {
    if (!(await passesWithoutFault(copy, target))) {
      return 1;
    }
  }
  const results = await plantAll(copy, chosen);
  say(`\n${table(results)}\n`);
  const failed = unnoticed(results);
  say(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();

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

/** Whether the tests can pass on a target. Where they cannot, they would notice whatever is planted. */
async function passesWithoutFault(copy: string, target: string | undefined): Promise<boolean> {
  const where = target ?? "this machine";
  say(`Without a fault, on ${where}`);
  const outcomes = await notice(copy, target);
  const good = passes(outcomes);
  if (!good) {
    const { vectors, digest } = outcomes;
    say(`error: on ${where} the tests fail without a fault, too, and would notice whatever is planted`);
    say(`vectors: ${vectors.noticed}\n${vectors.output}\ndigest: ${digest.noticed}\n${digest.output}`);
  }
  return good;
}

async function plantAll(copy: string, faults: readonly Fault[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const [place, fault] of faults.entries()) {
    say(`[${place + 1}/${faults.length}] ${fault.name}`);
    results.push({ fault, outcomes: await planted(copy, fault) });
  }
  return results;
}

/** What notices the fault. The engine is as it was afterwards. */
async function planted(copy: string, fault: Fault): Promise<Outcomes> {
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
    return await notice(copy, fault.only);
  } finally {
    writeFileSync(file, text);
  }
}
