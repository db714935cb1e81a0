/** The digests that were written down when a version of the engine was made. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Digests } from "./compare.js";
import type { Order } from "./hosts/report.js";
import { ROOT } from "./system.js";

/** The version whose digests all rows have to have. */
export const VERSION = 1;

/** The file of that version. */
export const FILE = `crates/conformance/digests/v${VERSION}.txt`;

/** What the file says of an order. */
export function recorded(order: Order): Digests {
  const lines = readFileSync(join(ROOT, FILE), "utf8").split("\n");
  const words = lines.map((line) => line.split(" ")).filter(([of]) => of === order);
  return new Map(words.map(([, states, digest]) => [Number(states), digest ?? ""]));
}
