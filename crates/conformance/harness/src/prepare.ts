/** Builds the rows. */
import { COMPILED } from "./build.js";
import { type Options, statesFor } from "./options.js";
import { messageOf, print } from "./print.js";
import type { Command } from "./program.js";
import type { Row } from "./rows.js";

/** A row that is built and can run. */
export interface PreparedRow {
  readonly name: string;
  readonly target: string;
  readonly engine: string;
  readonly build: string;
  /** The build that the program must report. */
  readonly compiled: string;
  readonly command: Command;
  /** The number of states. */
  readonly states: number;
  /** The approximate running time, relative to other rows. */
  readonly cost: number;
}

/** The rows that are built, and messages about the others. */
export interface Preparation {
  readonly prepared: readonly PreparedRow[];
  readonly failures: readonly string[];
}

/** Builds the rows, as many at once as their builds do not share a folder, and returns them in their order. */
export async function prepareAll(rows: readonly Row[], options: Options): Promise<Preparation> {
  const outcomes = await Promise.allSettled(rows.map((row) => prepare(row, options)));
  const failures = outcomes.flatMap((outcome, index) => {
    const row = rows[index];
    return outcome.status === "rejected" && row !== undefined ? [failureOf(row, outcome.reason)] : [];
  });
  const prepared = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  return { prepared, failures };
}

async function prepare(row: Row, options: Options): Promise<PreparedRow> {
  const { target, build } = row;
  const engine = `${row.engine} ${row.version()}`.trim();
  const name = `${target}, ${engine}, ${build}`;
  const { states, cost } = statesFor(row.pace, options);
  const command = await row.prepare();
  print(name);
  return {
    name,
    target,
    engine,
    build,
    compiled: COMPILED[row.profile],
    command,
    states,
    cost,
  };
}

/** Names the row's prerequisites too: one may be installed but broken, like a compiler without its libraries. */
function failureOf({ target, engine, build, needs }: Row, error: unknown): string {
  const install = needs.map((need) => `${need.name}: ${need.install}`);
  return [`${target}, ${engine}, ${build} cannot be built: ${messageOf(error)}`, ...install].join("\n    ");
}
