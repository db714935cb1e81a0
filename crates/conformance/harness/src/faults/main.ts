/**
 * `scripts/planted-faults`: plants each fault in a copy of the engine and runs the tests that must detect it.
 * Prints a Markdown table, and fails if a fault goes undetected.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { print } from "../print.js";
import { ROOT } from "../system.js";
import { detect, type Outcomes } from "./detect.js";
import { type Fault, selectFaults } from "./list.js";
import { bothPass, countUndetected, type Result, table } from "./results.js";

/** The engine, its tests, and everything Cargo needs to build them. */
const COPIED = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "README.md", "docs", "crates"];

async function main(): Promise<number> {
  const only = process.argv[2] ?? "";
  const selected = selectFaults(only);
  if (selected.length === 0) {
    print(`error: no fault has "${only}" in its name, and none is in a file of that name`);
    return 1;
  }
  const copy = copyWorkspace();
  for (const target of new Set(selected.map(({ only }) => only))) {
    if (!(await passesWithoutFault(copy, target))) {
      return 1;
    }
  }
  const results = await plantAll(copy, selected);
  print(`\n${table(results)}\n`);
  const failed = countUndetected(results);
  print(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();

function copyWorkspace(): string {
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

/** Checks that the tests pass on a target. Tests that always fail would seem to detect every fault. */
async function passesWithoutFault(copy: string, target: string | undefined): Promise<boolean> {
  const where = target ?? "this machine";
  print(`Without a fault, on ${where}`);
  const outcomes = await detect(copy, target);
  const passes = bothPass(outcomes);
  if (!passes) {
    const { vectors, digest } = outcomes;
    print(`error: on ${where} the tests fail even without a fault, so they prove nothing`);
    print(`vectors: ${vectors.detected}\n${vectors.output}\ndigest: ${digest.detected}\n${digest.output}`);
  }
  return passes;
}

async function plantAll(copy: string, faults: readonly Fault[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, fault] of faults.entries()) {
    print(`[${index + 1}/${faults.length}] ${fault.name}`);
    results.push({ fault, outcomes: await plant(copy, fault) });
  }
  return results;
}

/** Plants a fault, runs the tests, and restores the file. */
async function plant(copy: string, fault: Fault): Promise<Outcomes> {
  const file = join(copy, "crates/engine/src", fault.file);
  const text = readFileSync(file, "utf8");
  if (text.split(fault.right).length !== 2) {
    throw new Error(`${fault.file} does not contain this exactly once: ${fault.right}`);
  }
  writeFileSync(
    file,
    text.replace(fault.right, () => fault.wrong),
  );
  try {
    return await detect(copy, fault.only);
  } finally {
    writeFileSync(file, text);
  }
}
