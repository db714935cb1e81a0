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

export function prepareAll(rows: readonly Row[], options: Options): Preparation {
  const prepared: PreparedRow[] = [];
  const failures: string[] = [];
  for (const row of rows) {
    try {
      prepared.push(prepare(row, options));
    } catch (error) {
      failures.push(failureOf(row, error));
    }
  }
  return { prepared, failures };
}

function prepare(row: Row, options: Options): PreparedRow {
  const { target, build } = row;
  const engine = `${row.engine} ${row.version()}`.trim();
  const name = `${target}, ${engine}, ${build}`;
  print(name);
  const { states, cost } = statesFor(row.pace, options);
  return {
    name,
    target,
    engine,
    build,
    compiled: COMPILED[row.profile],
    command: row.prepare(),
    states,
    cost,
  };
}

/** Names the row's prerequisites too: one may be installed but broken, like a compiler without its libraries. */
function failureOf({ target, engine, build, needs }: Row, error: unknown): string {
  const install = needs.map((need) => `${need.name}: ${need.install}`);
  return [`${target}, ${engine}, ${build} cannot be built: ${messageOf(error)}`, ...install].join("\n    ");
}
