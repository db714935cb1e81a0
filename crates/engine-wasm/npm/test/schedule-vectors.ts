/** The test vectors of schedules that every implementation must match. */
import { readFileSync } from "node:fs";

/** Numbers that JavaScript may not represent exactly are decimal strings. */
type Decimal = string;

export interface ScheduleForm {
  /** What is special about the case. */
  why: string;
  start_at: Decimal;
  tick_ms: number;
  /** A `tick_ms` of 0 pauses. */
  changes: { at: Decimal; tick_ms: number }[];
}

export interface ScheduleCase extends ScheduleForm {
  instants: { now: Decimal; step?: Decimal; paused: boolean }[];
  steps: { step: Decimal; time?: Decimal; never?: "paused" | "year_9999"; last?: Decimal }[];
}

export interface RefusedCase extends ScheduleForm {
  error:
    | { rule: "out_of_range"; index?: number; field: string; min: Decimal; max: Decimal; value: Decimal }
    | { rule: "not_later"; index: number; previous: Decimal; at: Decimal }
    | { rule: "no_change"; index: number; tick_ms: number }
    | { rule: "within_tick"; index: number; phase: number; rate: number };
}

interface Vectors {
  engine_version: number;
  schedules: ScheduleCase[];
  refused: RefusedCase[];
}

const FILE = new URL("../../../reference/vectors/schedule-v1.json", import.meta.url);

export const vectors = JSON.parse(readFileSync(FILE, "utf8")) as Vectors;
