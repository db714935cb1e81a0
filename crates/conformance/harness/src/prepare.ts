/** Builds what rows need. */
import { COMPILED } from "./build.js";
import { type Options, statesOf } from "./options.js";
import type { Command } from "./program.js";
import type { Row } from "./rows.js";
import { messageOf, say } from "./say.js";

/** A row that is built. */
export interface Prepared {
  readonly name: string;
  readonly target: string;
  readonly engine: string;
  readonly build: string;
  /** What the program has to say of how it was built. */
  readonly compiled: string;
  readonly command: Command;
  /** How many states it gets. */
  readonly states: number;
  /** How long it takes, about, against the others. */
  readonly cost: number;
}

/** Rows that are built, and what stands in the way of the others. */
export interface Preparation {
  readonly prepared: readonly Prepared[];
  readonly failures: readonly string[];
}

export function prepareAll(rows: readonly Row[], options: Options): Preparation {
  const prepared: Prepared[] = [];
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

function prepare(row: Row, options: Options): Prepared {
  const { target, build } = row;
  const engine = `${row.engine} ${row.version()}`.trim();
  const name = `${target}, ${engine}, ${build}`;
  say(name);
  const { states, cost } = statesOf(row.pace, options);
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

/** Something is there, but not as it should be: a compiler without its libraries, a browser that does not start. */
function failureOf({ target, engine, build, needs }: Row, error: unknown): string {
  const install = needs.map((part) => `${part.name}: ${part.install}`);
  return [`${target}, ${engine}, ${build} cannot be built: ${messageOf(error)}`, ...install].join("\n    ");
}
