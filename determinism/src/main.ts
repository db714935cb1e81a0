/** `scripts/determinism`: runs every row, compares, and tells. */
import { writeDocument } from "./document.js";
import { read, statesOf } from "./options.js";
import { type Row, rows } from "./rows.js";
import { prepare, runAll } from "./run.js";
import { say } from "./say.js";
import { table } from "./table.js";

async function main(): Promise<number> {
  const options = read(process.argv.slice(2));
  const [first, ...others] = rows();
  // The first is what the others are compared with.
  const chosen = [first as Row, ...others.filter((row) => namesOf(row).includes(options.only))];
  const missing = tellMissing(chosen);
  const there = chosen.filter((row) => !missing.has(row));
  say(`\n==> Building, for ${there.length} rows`);
  const prepared = there.map((row) => prepare(row, statesOf(row, options)));
  say(`\n==> Running, ${options.jobs} at once`);
  const { results, failure } = await runAll(prepared, options.jobs);
  say(`\n${table(results)}\n`);
  if (failure !== undefined) {
    say(`DIFFERENT: ${failure}`);
  }
  const failed = Number(failure !== undefined) + (options.all ? missing.size : 0);
  if (options.full && failed === 0) {
    writeDocument(results);
  }
  say(`${results.length} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** What a row can be chosen by. */
function namesOf({ target, build, needs }: Row): string {
  return [target, build, ...needs.map(({ name }) => name)].join(" ");
}

/** The rows that cannot run here; says why not, and what to type. */
function tellMissing(chosen: readonly Row[]): Set<Row> {
  const missing = chosen.filter(({ needs }) => needs.some((part) => !part.isThere()));
  for (const { target, build, needs } of missing) {
    for (const part of needs.filter((part) => !part.isThere())) {
      say(`missing: ${part.name}, for ${target}, ${build}; type: ${part.install}`);
    }
  }
  return new Set(missing);
}

process.exitCode = await main();
