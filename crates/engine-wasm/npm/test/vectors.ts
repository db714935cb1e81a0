/** The test vectors that every implementation of the engine must match. */
import { readFileSync } from "node:fs";

import type { BreakInterval } from "../src/index.js";

/** Numbers that JavaScript may not represent exactly are decimal strings. */
type Decimal = string;

interface Told {
  /** What is special about the case. */
  why: string;
}

interface Rules {
  break_interval: BreakInterval;
  rounds_per_epoch: number;
}

interface Seeded extends Told {
  seed: string;
  rules: Rules;
}

interface State {
  step: Decimal;
  value: number;
  round: Decimal;
  broken: boolean;
}

export interface StateAtCase extends Seeded {
  start_at: Decimal;
  tick_ms: number;
  now: Decimal;
  state: State;
}

export interface StateCase extends Seeded {
  step: Decimal;
  state: State;
  next_break: Decimal;
}

export interface TimeCase extends Told {
  start_at: Decimal;
  tick_ms: number;
  step: Decimal;
  time: Decimal;
}

export interface RoundCase extends Seeded {
  round: Decimal;
  first_step: Decimal;
  interval: number;
  next_break: Decimal;
}

export interface EpochCase extends Seeded {
  epoch: Decimal;
  intervals: number[];
}

export interface DrawCase extends Seeded {
  step: Decimal;
  channel: string;
  words: number[];
  /** Each is divided by 2^53. */
  units: Decimal[];
  below: { n: number; values: number[] }[];
  shuffle_52: number[];
  word_after_shuffle: number;
  in_turn: { first_word: number; below_1: number; unit: Decimal; below_6: number; last_word: number };
}

export interface InvalidCase extends Told {
  input: Omit<Seeded, "why"> & {
    start_at: Decimal;
    tick_ms: number;
    now: Decimal;
    step: Decimal;
    channel: string;
    n: number;
    /** Only in cases that are about it. */
    round?: Decimal;
  };
  error: { field: string; min: Decimal; max: Decimal; value: Decimal; even?: boolean };
}

export interface Vectors {
  engine_version: number;
  states_at: StateAtCase[];
  states: StateCase[];
  times: TimeCase[];
  rounds: RoundCase[];
  epochs: EpochCase[];
  draws: DrawCase[];
  invalid: InvalidCase[];
}

const FILE = new URL("../../../reference/vectors/v1.json", import.meta.url);

export const vectors = JSON.parse(readFileSync(FILE, "utf8")) as Vectors;
