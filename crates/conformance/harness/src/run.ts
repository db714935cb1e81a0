/** Runs rows and compares each with the first. */
import { Comparison, type Digests } from "./compare.js";
import { type Line, ORDERS, type Order } from "./hosts/report.js";
import { explainAgainstFirst, explainAgainstRecorded, Mismatch } from "./mismatch.js";
import { numbersFor, statesIn, waypoints } from "./options.js";
import type { PreparedRow } from "./prepare.js";
import { messageOf, progress } from "./print.js";
import { type Command, runDigests } from "./program.js";
import { recorded, VERSION } from "./recorded.js";
import type { Result } from "./table.js";

/** The outcome of a whole run. */
export interface Outcome {
  readonly results: readonly Result[];
  /** A message about the first failure. */
  readonly failure: string | undefined;
}

/** A row's digests in all orders. */
type Lines = Record<Order, readonly Line[]>;

/**
 * Runs the first row, then the others, several at once. The first failure ends all of them.
 *
 * @param buildReference Builds the program that decides who is right if the first row lacks the recorded digests.
 */
export async function runAll(
  prepared: readonly PreparedRow[],
  jobs: number,
  buildReference: () => Promise<Command>,
): Promise<Outcome> {
  const [first, ...others] = prepared;
  if (first === undefined) {
    return { results: [], failure: undefined };
  }
  const run = new Run();
  const allWaypoints = new Set(prepared.flatMap(({ states }) => waypoints(states)));
  const expected = await run.row(first, [...allWaypoints], recorded, async (mismatch) =>
    explainAgainstRecorded(first, await buildReference(), mismatch),
  );
  if (expected !== undefined) {
    await runOthers(run, first, expected, others, jobs);
  }
  return { results: prepared.flatMap((row) => run.results.get(row) ?? []), failure: run.failure };
}

/** Runs the rows after the first, longest first, so that no long row is left to run alone at the end. */
async function runOthers(
  run: Run,
  first: PreparedRow,
  expected: Lines,
  others: readonly PreparedRow[],
  jobs: number,
): Promise<void> {
  const waiting = [...others].sort((a, b) => b.cost - a.cost);
  const worker = async () => {
    while (!run.hasFailed) {
      const row = waiting.shift();
      if (row === undefined) {
        return;
      }
      await run.row(
        row,
        waypoints(row.states),
        (order) => digestsOf(expected[order]),
        (mismatch) => explainAgainstFirst(first, row, mismatch),
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

/** The state of a whole run. */
class Run {
  readonly results = new Map<PreparedRow, Result>();
  /** A message about the first failure. */
  failure: string | undefined;
  readonly #end = new AbortController();

  /** True from the first failure on, even while its message is still being composed. */
  get hasFailed(): boolean {
    return this.#end.signal.aborted;
  }

  /** Runs a row and compares it with the expected digests. Returns its digests, or `undefined` after a failure. */
  async row(
    row: PreparedRow,
    numbers: readonly number[],
    expected: (order: Order) => Digests,
    explain: (mismatch: Mismatch) => Promise<string>,
  ): Promise<Lines | undefined> {
    try {
      const lines = await linesOf(row, numbers, expected, this.#end.signal);
      this.results.set(row, resultOf(row, lines));
      return lines;
    } catch (error) {
      // A row that was ended because another one failed has not failed itself.
      if (!this.hasFailed) {
        this.#end.abort();
        this.failure = await failureMessage(row, error, explain);
      }
      return undefined;
    }
  }
}

async function failureMessage(
  row: PreparedRow,
  error: unknown,
  explain: (mismatch: Mismatch) => Promise<string>,
): Promise<string> {
  if (!(error instanceof Mismatch)) {
    return `${row.name} could not be run: ${messageOf(error)}`;
  }
  try {
    return await explain(error);
  } catch (problem) {
    return `${row.name}: ${error.message}; the search for that state failed: ${messageOf(problem)}`;
  }
}

async function linesOf(
  row: PreparedRow,
  allNumbers: readonly number[],
  expected: (order: Order) => Digests,
  signal: AbortSignal,
): Promise<Lines> {
  const lines: Record<Order, Line[]> = { scattered: [], walk: [], schedules: [] };
  for (const order of ORDERS) {
    const numbers = numbersFor(order, allNumbers);
    const last = Math.max(...numbers);
    const known = expected(order);
    const comparison = new Comparison(known);
    const add = (line: Line) => {
      checkIdentity(row, line);
      const divergence = comparison.add(line.states, line.digest);
      if (divergence !== undefined) {
        throw new Mismatch(order, divergence);
      }
      lines[order].push(line);
    };
    await runDigests(row.command, order, numbers, {
      line: add,
      progress: progress(`${row.name}, ${order}`, last),
      signal,
    });
    const comparable = numbers.filter((states) => known.has(states)).length;
    if (comparison.compared !== comparable || lines[order].length !== numbers.length) {
      throw new Error(`it did not print the digests over ${numbers.join(", ")} states`);
    }
  }
  return lines;
}

/** Checks that the program was built as its row says. Otherwise its digests would prove something else. */
function checkIdentity(row: PreparedRow, line: Line): void {
  const actual = `${line.target}, ${line.build}, engine version ${line.engine_version}`;
  const expected = `${row.target}, ${row.compiled}, engine version ${VERSION}`;
  if (actual !== expected) {
    throw new Error(`its program reports ${actual}, not ${expected}`);
  }
}

function digestsOf(lines: readonly Line[]): Digests {
  return new Map(lines.map(({ states, digest }) => [states, digest]));
}

function resultOf({ target, engine, build, states }: PreparedRow, lines: Lines): Result {
  const lineOf = (order: Order) => {
    const line = lines[order].find((line) => line.states === statesIn(order, states));
    if (line === undefined) {
      throw new Error(`no digest over ${states} states`);
    }
    return line;
  };
  const byOrder = <T>(field: (line: Line) => T) =>
    Object.fromEntries(ORDERS.map((order) => [order, field(lineOf(order))])) as Record<Order, T>;
  return {
    target,
    engine,
    build,
    states,
    digests: byOrder((line) => line.digest),
    seconds: byOrder((line) => line.seconds),
  };
}
