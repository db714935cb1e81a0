/** `scripts/determinism`: runs the rows, compares their digests and prints a table. */
import { buildReference } from "./build.js";
import { writeDocument } from "./document.js";
import { FULL_STATES, type Options, parseOptions, SCHEDULES } from "./options.js";
import { packageDigest } from "./package.js";
import { prepareAll } from "./prepare.js";
import { messageOf, print } from "./print.js";
import { type Row, rows, selectRows } from "./rows.js";
import { runAll } from "./run.js";
import { type Result, table } from "./table.js";

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const selected = selectRows(rows(), options.only);
  const missing = reportMissing(selected);
  const available = selected.filter((row) => !missing.has(row));
  const shipped = packageDigest();
  print(`\nThe npm package's file has the SHA-256 ${shipped}.`);
  print(`\n==> Building ${available.length} rows`);
  const { prepared, failures } = await prepareAll(available, options);
  print(`\n==> Running, ${options.jobs} at once`);
  const { results, failure } = await runAll(prepared, options.jobs, async () => [await buildReference()]);
  const problems = [...failures, ...(failure === undefined ? [] : [failure]), ...packageFileChanged(shipped)];
  if (results.length > 0) {
    print(`\n${table(results)}`);
    print(
      "The first row is compared with crates/conformance/digests, the others with the first over as many states.",
    );
    print(`${SCHEDULES}\n`);
  }
  for (const problem of problems) {
    print(`FAILED: ${problem}`);
  }
  // A row requested by name has to run.
  const failed = problems.length + (options.all || options.only !== "" ? missing.size : 0);
  if (options.full) {
    updateDocument(results, options, shipped, failed + missing.size);
  }
  print(`${results.length} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Returns the rows that cannot run here, and prints what they lack and how to install it. */
function reportMissing(selected: readonly Row[]): Set<Row> {
  const missing = selected.filter(({ needs }) => needs.some((need) => !need.isInstalled()));
  for (const { target, engine, build, needs } of missing) {
    for (const need of needs.filter((need) => !need.isInstalled())) {
      print(`missing: ${need.name}, for ${target}, ${engine}, ${build}; type: ${need.install}`);
    }
  }
  return new Set(missing);
}

/** Rows load the package's file when they start, so it must not change until the last one has started. */
function packageFileChanged(shipped: string): string[] {
  return packageDigest() === shipped ? [] : ["the npm package's file was rebuilt while rows were running"];
}

/** Updates the documentation only after a complete run. */
function updateDocument(results: readonly Result[], options: Options, shipped: string, gaps: number): void {
  if (gaps === 0 && options.only === "" && options.states === FULL_STATES) {
    writeDocument(results, options, shipped);
  } else {
    print("docs/determinism.md is unchanged: not every row ran with its full number of states.");
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  print(`error: ${messageOf(error)}`);
  process.exitCode = 1;
}
