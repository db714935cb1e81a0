/** Runs rows and compares each with the first. */
import { type Digests, firstDifference, parting } from "./compare.js";
import { type Line, ORDERS, type Order } from "./hosts/report.js";
import { SLOW_BY, waypoints } from "./options.js";
import { type Command, describe, digests } from "./program.js";
import type { Row } from "./rows.js";
import { progress, say } from "./say.js";
import { fileOf, stored } from "./stored.js";
import { grouped, type Result } from "./table.js";

/** A row that is built. */
export interface Prepared {
  readonly name: string;
  readonly target: string;
  readonly engine: string;
  readonly build: string;
  readonly command: Command;
  /** How many states it gets. */
  readonly states: number;
  /** How long it takes, about, against the others. */
  readonly cost: number;
}

/** What it all came to. */
export interface Verdict {
  readonly results: readonly Result[];
  /** The first difference, in words. */
  readonly failure: string | undefined;
}

/** A row's digests in one order. */
type Lines = Record<Order, readonly Line[]>;

export function prepare(row: Row, states: number): Prepared {
  const { target, build } = row;
  const engine = row.engine();
  const name = `${target}, ${engine}, ${build}`;
  say(name);
  const cost = row.pace === "slow" ? states * SLOW_BY : states;
  return { name, target, engine, build, command: row.prepare(), states, cost };
}

/** Runs the first row, then the others, several at once, until one differs. */
export async function runAll(prepared: readonly Prepared[], jobs: number): Promise<Verdict> {
  const [first, ...others] = prepared;
  if (first === undefined) {
    return { results: [], failure: undefined };
  }
  const runs = new Runs();
  const everyNumber = new Set(prepared.flatMap(({ states }) => waypoints(states)));
  const reference = await runs.run(first, [...everyNumber], (lines) => againstStored(first, lines));
  // The longest first, so that none is left alone at the end.
  const waiting = [...others].sort((a, b) => b.cost - a.cost);
  const work = async () => {
    for (
      let row = waiting.shift();
      row !== undefined && reference && runs.failure === undefined;
      row = waiting.shift()
    ) {
      const one = row;
      await runs.run(one, waypoints(one.states), (lines) => against(first, reference, one, lines));
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

  /** Runs a row and compares: `compare` tells where it differs. Gives its digests, unless it could not be run. */
  async run(
    row: Prepared,
    numbers: readonly number[],
    compare: (lines: Lines) => string | undefined | Promise<string | undefined>,
  ): Promise<Lines | undefined> {
    try {
      const lines = await linesOf(row, numbers);
      const difference = await compare(lines);
      if (difference === undefined) {
        this.results.set(row, resultOf(row, lines));
      }
      this.failure ??= difference;
      return lines;
    } catch (error) {
      this.failure ??= `${row.name} could not be run: ${error instanceof Error ? error.message : error}`;
      return undefined;
    }
  }
}

async function linesOf(row: Prepared, numbers: readonly number[]): Promise<Lines> {
  const last = Math.max(...numbers);
  const lines: Partial<Record<Order, Line[]>> = {};
  for (const order of ORDERS) {
    const tell = progress(`${row.name}, ${order}`, last);
    lines[order] = await digests(row.command, order, numbers, tell);
  }
  return lines as Lines;
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

/** Whether the first row has the digests that were written down for its version; if not, where it parts from them. */
function againstStored(row: Prepared, lines: Lines): string | undefined {
  for (const order of ORDERS) {
    const version = lines[order][0]?.engine_version ?? 0;
    const where = parting(stored(version, order), digestsOf(lines[order]));
    if (where !== undefined) {
      return [
        `${row.name} does not compute what ${fileOf(version)} says, ${order}:`,
        `one of the states ${grouped(where.equal)} to ${grouped(where.different - 1)} differs.`,
        "A change of behaviour needs a new engine version.",
      ].join(" ");
    }
  }
  return undefined;
}

/** Whether a row has the digests of the first; if not, the first state that differs, as both see it. */
async function against(
  first: Prepared,
  reference: Lines,
  row: Prepared,
  lines: Lines,
): Promise<string | undefined> {
  for (const order of ORDERS) {
    const where = parting(digestsOf(reference[order]), digestsOf(lines[order]));
    if (where !== undefined) {
      say(`    ${row.name} differs; looking for the first state that does`);
      const ask = (command: Command) => async (states: number) =>
        (await digests(command, order, [states]))[0]?.digest ?? "";
      const state = await firstDifference(ask(first.command), ask(row.command), where.equal, where.different);
      const seen = async (one: Prepared) => `${one.name}:\n    ${await describe(one.command, order, state)}`;
      return `state ${grouped(state)}, ${order}\n${await seen(first)}\n${await seen(row)}`;
    }
  }
  return undefined;
}
