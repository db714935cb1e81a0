/** The digests recorded when an engine version was released. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Digests } from "./compare.js";
import type { Order } from "./hosts/report.js";
import { ROOT } from "./system.js";

/** The engine version that every row must have. */
export const VERSION = 1;

/** Returns the file with the digests of that version in one order. */
export function fileOf(order: Order): string {
  const prefix = order === "schedules" ? "schedule-" : "";
  return `crates/conformance/digests/${prefix}v${VERSION}.txt`;
}

/** Reads the recorded digests of one order. */
export function recorded(order: Order): Digests {
  const lines = readFileSync(join(ROOT, fileOf(order)), "utf8").split("\n");
  const fields = lines.map((line) => line.split(" ")).filter(([name]) => name === order);
  return new Map(fields.map(([, states, digest]) => [Number(states), digest ?? ""]));
}
