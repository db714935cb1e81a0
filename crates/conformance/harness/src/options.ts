/** The command line of `scripts/determinism`. */
import { availableParallelism } from "node:os";

import type { Order } from "./hosts/report.js";

export interface Options {
  /** The number of states. */
  readonly states: number;
  /** Whether this is the full run, whose table goes into the documentation. */
  readonly full: boolean;
  /** Whether a row that cannot run counts as failed. */
  readonly all: boolean;
  /** Text that selects rows by target, engine or build. */
  readonly only: string;
  /** The number of rows that run at once. */
  readonly jobs: number;
}

export const USAGE = "usage: scripts/determinism [N] [--full] [--all] [--only TEXT] [--jobs N]";

const DEFAULT_STATES = 1_000_000;
/** The smallest number of states with a recorded digest. */
const LEAST_STATES = 1000;
/** The number of states in the full run. */
export const FULL_STATES = 1_000_000_000;

/** How many schedules a row covers. Each is a session with a list of changes of its own, so it takes far longer than a state. */
export const SCHEDULES = "Schedules cover a tenth of the states, from 1,000 to 1,000,000.";
const LEAST_SCHEDULES = 1000;
const MOST_SCHEDULES = 1_000_000;
const STATES_PER_SCHEDULE = 10;

/** The speed of a row, which decides its number of states. */
export type Pace = "fast" | "steady" | "slow" | "slowest";

/** The divisors for the number of states, in the full run and in every other run. */
const DIVISORS: Record<Pace, { readonly full: number; readonly other: number }> = {
  fast: { full: 1, other: 1 },
  steady: { full: 10, other: 1 },
  slow: { full: 10, other: 10 },
  slowest: { full: 100, other: 10 },
};

/** @throws Error with the usage if the arguments are invalid. */
export function parseOptions(args: readonly string[]): Options {
  const options = { states: 0, full: false, all: false, only: "", jobs: availableParallelism() };
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === "--full") {
      options.full = true;
    } else if (argument === "--all") {
      options.all = true;
    } else if (argument === "--only") {
      options.only = text(rest.shift());
    } else if (argument === "--jobs") {
      options.jobs = number(rest.shift(), 1);
    } else if (options.states === 0) {
      options.states = number(argument, LEAST_STATES);
    } else {
      throw new Error(`"${argument}" is a second number of states\n${USAGE}`);
    }
  }
  const states = options.states || (options.full ? FULL_STATES : DEFAULT_STATES);
  return { ...options, states };
}

function text(argument: string | undefined): string {
  if (!argument) {
    throw new Error(`--only needs a text\n${USAGE}`);
  }
  return argument;
}

function number(argument: string | undefined, least: number): number {
  const value = /^\d+$/.test(argument ?? "") ? Number(argument) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`"${argument ?? ""}" is not an integer of at least ${least}\n${USAGE}`);
  }
  return value;
}

/** Returns the number of states for a row, and its approximate cost relative to other rows. */
export function statesFor(pace: Pace, { states, full }: Options): { states: number; cost: number } {
  const divisor = DIVISORS[pace];
  const own = Math.max(1, Math.floor(states / (full ? divisor.full : divisor.other)));
  return { states: own, cost: own * divisor.full };
}

/** Returns the powers of ten below `states`, then `states`: rows with different numbers of states can be compared there. */
export function waypoints(states: number): number[] {
  const powers: number[] = [];
  for (let power = 1000; power < states; power *= 10) {
    powers.push(power);
  }
  return [...powers, states];
}

/** Returns the numbers of states to cover in an order, which may be fewer. */
export function numbersFor(order: Order, numbers: readonly number[]): number[] {
  return [...new Set(numbers.map((states) => statesIn(order, states)))];
}

/** Returns the number of states to cover in an order. */
export function statesIn(order: Order, states: number): number {
  if (order !== "schedules") {
    return states;
  }
  return Math.min(Math.max(Math.floor(states / STATES_PER_SCHEDULE), LEAST_SCHEDULES), MOST_SCHEDULES);
}
