/** Explains a mismatch: shows the first state on which two rows disagree. */
import { type Divergence, firstDifference } from "./compare.js";
import type { Order } from "./hosts/report.js";
import type { PreparedRow } from "./prepare.js";
import { print } from "./print.js";
import { type Command, describe, digestSource } from "./program.js";
import { fileOf } from "./recorded.js";
import { grouped } from "./table.js";

/** A digest that is not the expected one. */
export class Mismatch extends Error {
  readonly order: Order;
  readonly divergence: Divergence;

  constructor(order: Order, divergence: Divergence) {
    super(`${order}: ${rangeOf(divergence)} differs`);
    this.order = order;
    this.divergence = divergence;
  }
}

/** The reference implementation is slow. Beyond this number of states the search would take too long. */
const MOST_REFERENCE_STATES = 1_000_000;

/** A program and its name in messages. */
type NamedProgram = Pick<PreparedRow, "name" | "command">;

/** Explains how a row differs from the first row. */
export async function explainAgainstFirst(
  first: NamedProgram,
  row: NamedProgram,
  { order, divergence }: Mismatch,
): Promise<string> {
  print(`    ${row.name} differs; searching for the first state that does`);
  const sources = [digestSource(first.command, order), digestSource(row.command, order)] as const;
  const state = await firstDifference(...sources, divergence);
  return `${row.name} differs from the first row\n${await bothAnswers(first, row, order, state)}`;
}

/** Explains how the first row differs from the recorded digests, with the reference implementation as the judge. */
export async function explainAgainstRecorded(
  first: NamedProgram,
  reference: Command,
  { order, divergence }: Mismatch,
): Promise<string> {
  const summary = [
    `${first.name} does not have the digests in ${fileOf(order)}, ${order}:`,
    `${rangeOf(divergence)} differs.`,
    "A change of behaviour needs a new engine version.",
  ].join(" ");
  if (divergence.different > MOST_REFERENCE_STATES) {
    return summary;
  }
  print(`    ${first.name} has other digests; asking the reference implementation`);
  const [engine, judge] = [digestSource(first.command, order), digestSource(reference, order)];
  if ((await engine(divergence.different)) === (await judge(divergence.different))) {
    return `${summary}\nThe reference implementation agrees with the engine. Has the file been changed?`;
  }
  const state = await firstDifference(engine, judge, divergence);
  const named = { name: "the reference", command: reference };
  return `${summary}\n${await bothAnswers(first, named, order, state)}`;
}

function rangeOf({ equal, different }: Divergence): string {
  return `one of the states ${grouped(equal)} to ${grouped(different - 1)}`;
}

async function bothAnswers(
  one: NamedProgram,
  other: NamedProgram,
  order: Order,
  state: number,
): Promise<string> {
  const answers = async ({ name, command }: NamedProgram) =>
    `${name}:\n    ${await describe(command, order, state)}`;
  return `state ${grouped(state)}, ${order}\n${await answers(one)}\n${await answers(other)}`;
}
