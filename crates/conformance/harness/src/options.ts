/** What was asked for on the command line. */
import { availableParallelism } from "node:os";

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
/** Where the digests that were written down begin: of fewer states nothing is known. */
const LEAST_STATES = 1000;
/** How many states the full run goes to. */
export const FULL_STATES = 1_000_000_000;

/** How fast a row is, which decides how many states it gets. */
export type Pace = "fast" | "steady" | "slow" | "slowest";

/** By how much less than the others a row gets, in the full run and in every other. */
const SHARES: Record<Pace, { readonly full: number; readonly other: number }> = {
  fast: { full: 1, other: 1 },
  steady: { full: 10, other: 1 },
  slow: { full: 10, other: 10 },
  slowest: { full: 100, other: 10 },
};

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
      options.only = text(rest.shift());
    } else if (argument === "--jobs") {
      options.jobs = number(rest.shift(), 1);
    } else if (options.states === 0) {
      options.states = number(argument, LEAST_STATES);
    } else {
      throw new Error(`there is a number of states already, before "${argument}"\n${USAGE}`);
    }
  }
  const states = options.states || (options.full ? FULL_STATES : DEFAULT_STATES);
  return { ...options, states };
}

function text(argument: string | undefined): string {
  if (!argument) {
    throw new Error(`--only wants a text\n${USAGE}`);
  }
  return argument;
}

function number(argument: string | undefined, least: number): number {
  const value = /^\d+$/.test(argument ?? "") ? Number(argument) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`"${argument ?? ""}" is not a whole number of at least ${least}\n${USAGE}`);
  }
  return value;
}

/** How many states a row gets, and how long that takes, about, against the others. */
export function statesOf(pace: Pace, { states, full }: Options): { states: number; cost: number } {
  const share = SHARES[pace];
  const own = Math.max(1, Math.floor(states / (full ? share.full : share.other)));
  return { states: own, cost: own * share.full };
}

/** Powers of ten on the way, so that rows that go less far have something to be compared with, and then the number. */
export function waypoints(states: number): number[] {
  const powers: number[] = [];
  for (let power = 1000; power < states; power *= 10) {
    powers.push(power);
  }
  return [...powers, states];
}
