/** The digests that were written down when a version of the engine was made. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Digests } from "./compare.js";
import type { Order } from "./hosts/report.js";
import { ROOT } from "./system.js";

/** The file of a version. */
export const fileOf = (version: number) => `crates/digest/digests/v${version}.txt`;

/** What the file of a version says of an order. */
export function stored(version: number, order: Order): Digests {
  const lines = readFileSync(join(ROOT, fileOf(version)), "utf8").split("\n");
  const words = lines.map((line) => line.split(" ")).filter(([of]) => of === order);
  return new Map(words.map(([, states, digest]) => [Number(states), digest ?? ""]));
}
