/** A difference, put into words: the first state that two rows answer otherwise. */
import { firstDifference, type Parting } from "./compare.js";
import type { Order } from "./hosts/report.js";
import type { Prepared } from "./prepare.js";
import { asking, type Command, describe } from "./program.js";
import { say } from "./say.js";
import { FILE } from "./recorded.js";
import { grouped } from "./table.js";

/** A digest is not the one that was expected. */
export class Difference extends Error {
  readonly order: Order;
  readonly where: Parting;

  constructor(order: Order, where: Parting) {
    super(
      `${order}, one of the states ${grouped(where.equal)} to ${grouped(where.different - 1)} is another one`,
    );
    this.order = order;
    this.where = where;
  }
}

/** The reference implementation is slow: to look for a state beyond would take too long. */
const FARTHEST_JUDGED = 1_000_000;

/** What a program is called in a message. */
type Named = Pick<Prepared, "name" | "command">;

/** A row differs from the first: the state where it begins, as both see it. */
export async function fromFirst(first: Named, row: Named, { order, where }: Difference): Promise<string> {
  say(`    ${row.name} differs; looking for the first state that does`);
  const state = await firstDifference(asking(first.command, order), asking(row.command, order), where);
  return `${row.name} differs from the first row\n${await seenBy(first, row, order, state)}`;
}

/** The first row has not the digests of its version: the state where it begins, as the reference implementation sees it. */
export async function fromStored(
  first: Named,
  judge: Command,
  { order, where }: Difference,
): Promise<string> {
  const about = [
    `${first.name} does not compute what ${FILE} says, ${order}:`,
    `one of the states ${grouped(where.equal)} to ${grouped(where.different - 1)} differs.`,
    "A change of behaviour needs a new engine version.",
  ].join(" ");
  if (where.different > FARTHEST_JUDGED) {
    return about;
  }
  say(`    ${first.name} has other digests; asking the reference implementation`);
  const [ours, theirs] = [asking(first.command, order), asking(judge, order)];
  if ((await ours(where.different)) === (await theirs(where.different))) {
    return `${about}\nThe reference implementation computes the same as the engine: was the file changed?`;
  }
  const state = await firstDifference(ours, theirs, where);
  return `${about}\n${await seenBy(first, { name: "the reference", command: judge }, order, state)}`;
}

async function seenBy(one: Named, other: Named, order: Order, state: number): Promise<string> {
  const seen = async ({ name, command }: Named) => `${name}:\n    ${await describe(command, order, state)}`;
  return `state ${grouped(state)}, ${order}\n${await seen(one)}\n${await seen(other)}`;
}
