/** What was asked for on the command line. */
import { availableParallelism } from "node:os";

import type { Row } from "./rows.js";

export interface Options {
  /** How many states. */
  readonly states: number;
  /** Whether it is the full run, whose table goes into the documentation. */
  readonly full: boolean;
  /** Whether a row that cannot run is a failure. */
  readonly all: boolean;
  /** Only rows whose names contain this. */
  readonly only: string;
  /** How many rows run at once. */
  readonly jobs: number;
}

export const USAGE = "usage: scripts/determinism [N] [--full] [--all] [--only TEXT] [--jobs N]";

const DEFAULT_STATES = 1_000_000;
const FULL_STATES = 1_000_000_000;
/** What is slow takes so many times as long as the rest. */
export const SLOW_BY = 10;

/** @throws Error that says how it is used. */
export function read(args: readonly string[]): Options {
  const options = { states: 0, full: false, all: false, only: "", jobs: availableParallelism() };
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === "--full") {
      options.full = true;
    } else if (argument === "--all") {
      options.all = true;
    } else if (argument === "--only") {
      options.only = rest.shift() ?? "";
    } else if (argument === "--jobs") {
      options.jobs = number(rest.shift());
    } else {
      options.states = number(argument);
    }
  }
  const states = options.states || (options.full ? FULL_STATES : DEFAULT_STATES);
  return { ...options, states };
}

function number(text: string | undefined): number {
  const value = Number((text ?? "").replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(USAGE);
  }
  return value;
}

/** How many states a row gets. */
export function statesOf(row: Row, { states, full }: Options): number {
  const shorter = full ? row.pace !== "far" : row.pace === "slow";
  return shorter ? Math.max(1, Math.floor(states / SLOW_BY)) : states;
}

/** Powers of ten on the way, so that rows that go less far have something to be compared with, and then the number. */
export function waypoints(states: number): number[] {
  const powers: number[] = [];
  for (let power = 1000; power < states; power *= 10) {
    powers.push(power);
  }
  return [...powers, states];
}
