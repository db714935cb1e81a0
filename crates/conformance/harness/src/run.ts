/** Runs rows and compares each with the first. */
import { Comparison, type Digests } from "./compare.js";
import { Difference, fromFirst, fromStored } from "./difference.js";
import { type Line, ORDERS, type Order } from "./hosts/report.js";
import { waypoints } from "./options.js";
import type { Prepared } from "./prepare.js";
import { type Command, digests } from "./program.js";
import { messageOf, progress } from "./say.js";
import { recorded, VERSION } from "./recorded.js";
import type { Result } from "./table.js";

/** What it all came to. */
export interface Verdict {
  readonly results: readonly Result[];
  /** What went wrong first, in words. */
  readonly failure: string | undefined;
}

/** A row's digests in one order. */
type Lines = Record<Order, readonly Line[]>;

/**
 * Runs the first row, then the others, several at once, until one differs: then all end.
 *
 * @param judge Builds what decides if the first row has not the digests of its version.
 */
export async function runAll(
  prepared: readonly Prepared[],
  jobs: number,
  judge: () => Command,
): Promise<Verdict> {
  const [first, ...others] = prepared;
  if (first === undefined) {
    return { results: [], failure: undefined };
  }
  const runs = new Runs();
  const everyNumber = new Set(prepared.flatMap(({ states }) => waypoints(states)));
  const reference = await runs.run(first, [...everyNumber], recorded, (difference) =>
    fromStored(first, judge(), difference),
  );
  // The longest first, so that none is left alone at the end.
  const waiting = [...others].sort((a, b) => b.cost - a.cost);
  const work = async () => {
    for (
      let row = waiting.shift();
      row !== undefined && reference && !runs.hasFailed;
      row = waiting.shift()
    ) {
      const one = row;
      await runs.run(
        one,
        waypoints(one.states),
        (order) => digestsOf(reference[order]),
        (difference) => fromFirst(first, one, difference),
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return { results: prepared.flatMap((row) => runs.results.get(row) ?? []), failure: runs.failure };
}

/** What has come of the rows so far. */
class Runs {
  readonly results = new Map<Prepared, Result>();
  /** What went wrong first. */
  failure: string | undefined;
  readonly #end = new AbortController();

  /** So from the first failure on, while the words for it are still looked for. */
  get hasFailed(): boolean {
    return this.#end.signal.aborted;
  }

  /** Runs a row and compares it with what is expected; `explain` puts a difference into words. Gives its digests if all is well. */
  async run(
    row: Prepared,
    numbers: readonly number[],
    expected: (order: Order) => Digests,
    explain: (difference: Difference) => Promise<string>,
  ): Promise<Lines | undefined> {
    try {
      const lines = await linesOf(row, numbers, expected, this.#end.signal);
      this.results.set(row, resultOf(row, lines));
      return lines;
    } catch (error) {
      // What is ended because another row differs has not failed.
      if (!this.hasFailed) {
        this.#end.abort();
        this.failure = await inWords(row, error, explain);
      }
      return undefined;
    }
  }
}

async function inWords(
  row: Prepared,
  error: unknown,
  explain: (difference: Difference) => Promise<string>,
): Promise<string> {
  if (!(error instanceof Difference)) {
    return `${row.name} could not be run: ${messageOf(error)}`;
  }
  try {
    return await explain(error);
  } catch (trouble) {
    return `${row.name}: ${error.message}; which state it is could not be found out: ${messageOf(trouble)}`;
  }
}

async function linesOf(
  row: Prepared,
  numbers: readonly number[],
  expected: (order: Order) => Digests,
  signal: AbortSignal,
): Promise<Lines> {
  const last = Math.max(...numbers);
  const lines: Record<Order, Line[]> = { scattered: [], walk: [] };
  for (const order of ORDERS) {
    const known = expected(order);
    const comparison = new Comparison(known);
    const take = (line: Line) => {
      checkWhatItIs(row, line);
      const where = comparison.take(line.states, line.digest);
      if (where !== undefined) {
        throw new Difference(order, where);
      }
      lines[order].push(line);
    };
    await digests(row.command, order, numbers, {
      line: take,
      progress: progress(`${row.name}, ${order}`, last),
      signal,
    });
    const comparable = numbers.filter((states) => known.has(states)).length;
    if (comparison.compared !== comparable || lines[order].length !== numbers.length) {
      throw new Error(`it did not tell the digests of ${numbers.join(", ")} states`);
    }
  }
  return lines;
}

/** A program that is not what its row says would be right, but for something else. */
function checkWhatItIs(row: Prepared, line: Line): void {
  const is = `${line.target}, ${line.build}, engine version ${line.engine_version}`;
  const should = `${row.target}, ${row.compiled}, engine version ${VERSION}`;
  if (is !== should) {
    throw new Error(`its program says that it is ${is}, not ${should}`);
  }
}

function digestsOf(lines: readonly Line[]): Digests {
  return new Map(lines.map(({ states, digest }) => [states, digest]));
}

function resultOf({ target, engine, build, states }: Prepared, lines: Lines): Result {
  const at = (order: Order) => {
    const line = lines[order].find((line) => line.states === states);
    if (line === undefined) {
      throw new Error(`no digest of ${states} states`);
    }
    return line;
  };
  const ofBoth = <T>(what: (line: Line) => T) =>
    Object.fromEntries(ORDERS.map((order) => [order, what(at(order))])) as Record<Order, T>;
  return {
    target,
    engine,
    build,
    states,
    digests: ofBoth((line) => line.digest),
    seconds: ofBoth((line) => line.seconds),
  };
}
