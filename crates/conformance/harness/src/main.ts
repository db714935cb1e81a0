/** `scripts/determinism`: runs every row, compares, and tells. */
import { buildReference } from "./build.js";
import { writeDocument } from "./document.js";
import { FULL_STATES, type Options, read } from "./options.js";
import { packageDigest } from "./package.js";
import { prepareAll } from "./prepare.js";
import { chosenOf, type Row, rows } from "./rows.js";
import { runAll } from "./run.js";
import { messageOf, say } from "./say.js";
import { FILE } from "./recorded.js";
import { type Result, table } from "./table.js";

async function main(): Promise<number> {
  const options = read(process.argv.slice(2));
  const chosen = chosenOf(rows(), options.only);
  const missing = tellMissing(chosen);
  const there = chosen.filter((row) => !missing.has(row));
  const shipped = packageDigest();
  say(`\nThe npm package's file has the SHA-256 ${shipped}.`);
  say(`\n==> Building, for ${there.length} rows`);
  const { prepared, failures } = prepareAll(there, options);
  say(`\n==> Running, ${options.jobs} at once`);
  const { results, failure } = await runAll(prepared, options.jobs, () => [buildReference()]);
  const wrong = [...failures, ...(failure === undefined ? [] : [failure]), ...changed(shipped)];
  if (results.length > 0) {
    say(`\n${table(results)}`);
    say(`The first row is compared with ${FILE}, the others with the first over as many states.\n`);
  }
  for (const text of wrong) {
    say(`FAILED: ${text}`);
  }
  // Whoever asks for some rows by name wants them to have run.
  const failed = wrong.length + (options.all || options.only !== "" ? missing.size : 0);
  if (options.full) {
    document(results, options, shipped, failed + missing.size);
  }
  say(`${results.length} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** The rows that cannot run here; says why not, and what to type. */
function tellMissing(chosen: readonly Row[]): Set<Row> {
  const missing = chosen.filter(({ needs }) => needs.some((part) => !part.isThere()));
  for (const { target, engine, build, needs } of missing) {
    for (const part of needs.filter((part) => !part.isThere())) {
      say(`missing: ${part.name}, for ${target}, ${engine}, ${build}; type: ${part.install}`);
    }
  }
  return new Set(missing);
}

/** Rows start one after the other, so all of them have run the same file only if it is still the same. */
function changed(shipped: string): string[] {
  return packageDigest() === shipped ? [] : ["the npm package's file was built anew while rows ran"];
}

/** The documentation has a whole run or none. */
function document(results: readonly Result[], options: Options, shipped: string, without: number): void {
  if (without === 0 && options.only === "" && options.states === FULL_STATES) {
    writeDocument(results, options, shipped);
  } else {
    say("docs/determinism.md stays as it was: this was not every row with all its states.");
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`error: ${messageOf(error)}`);
  process.exitCode = 1;
}
