/** Schedules with changes: the vectors that every implementation of the engine must match. */
import { readFileSync } from "node:fs";

import { beforeAll, describe, expect, it } from "vitest";

import { EngineError, loadEngine, type ScheduleChange, type Session, Timeline } from "../src/index.js";

/** Numbers that JavaScript may not represent exactly are decimal strings. */
type Decimal = string;

interface Listed {
  why: string;
  start_at: Decimal;
  tick_ms: number;
  changes: { at: Decimal; tick_ms: number }[];
}

interface ScheduleCase extends Listed {
  instants: { now: Decimal; step?: Decimal; paused: boolean }[];
  steps: { step: Decimal; time?: Decimal; never?: "paused" | "year_9999"; last?: Decimal }[];
}

interface RefusedCase extends Listed {
  error:
    | { rule: "out_of_range"; index?: number; field: string }
    | { rule: "not_later"; index: number; previous: Decimal; at: Decimal }
    | { rule: "no_change"; index: number; tick_ms: number }
    | { rule: "within_tick"; index: number; phase: number; rate: number };
}

const FILE = new URL("../../../reference/vectors/schedule-v1.json", import.meta.url);
const vectors = JSON.parse(readFileSync(FILE, "utf8")) as {
  schedules: ScheduleCase[];
  refused: RefusedCase[];
};

beforeAll(() => loadEngine());

const session = ({ start_at, tick_ms, changes }: Listed): Session => ({
  seed: "any",
  start_at: Number(start_at),
  tick_ms,
  schedule: changes.map(
    ({ at, tick_ms }): ScheduleChange =>
      tick_ms === 0 ? { at: Number(at), paused: true } : { at: Number(at), tick_ms },
  ),
});

function errorOf(action: () => unknown): EngineError {
  try {
    action();
  } catch (error) {
    if (error instanceof EngineError) {
      return error;
    }
    throw error;
  }
  throw new Error("there is no error");
}

describe.each(vectors.schedules.map((one, index) => ({ ...one, name: `${index}: ${one.why}` })))(
  "schedule $name",
  (one) => {
    it("has the steps and the status at instants", () => {
      const timeline = new Timeline(session(one));
      for (const { now, step, paused } of [...one.instants, ...[...one.instants].reverse()]) {
        expect(timeline.stepAt(Number(now)), now).toBe(step === undefined ? null : Number(step));
        expect(timeline.statusAt(Number(now)), now).toBe(paused ? "paused" : "running");
      }
      timeline.free();
    });

    it("has the instants of steps", () => {
      const timeline = new Timeline(session(one));
      for (const { step, time, never, last } of one.steps) {
        if (time !== undefined) {
          expect(timeline.timeOf(Number(step)), step).toBe(Number(time));
        } else {
          const error = errorOf(() => timeline.timeOf(Number(step)));
          expect(error.code, step).toBe(never === "paused" ? "step_not_scheduled" : "out_of_range");
          expect(error.message, step).toContain(last);
        }
      }
      timeline.free();
    });
  },
);

/** The message that names the change and the rule, as the engine words it. */
function expectedMessage(error: RefusedCase["error"]): string {
  switch (error.rule) {
    case "not_later":
      return `schedule[${error.index}].at must be after ${error.previous}, got ${error.at}`;
    case "no_change":
      return error.tick_ms === 0
        ? `schedule[${error.index}] must not pause a session that is paused already`
        : `schedule[${error.index}].tick_ms must differ from the one before, got ${error.tick_ms}`;
    case "within_tick":
      return `schedule[${error.index}].at must be where a tick begins, got ${error.phase} ms after the beginning of a tick of ${error.rate} ms`;
    default:
      return error.index === undefined
        ? "schedule must have at most 256 changes"
        : `${error.field.replace("schedule", `schedule[${error.index}]`)} must be from`;
  }
}

it.each(vectors.refused)("refuses a list: $why", (one) => {
  const { code, message } = errorOf(() => new Timeline(session(one)));
  expect(code).toBe(one.error.rule === "out_of_range" ? "out_of_range" : "invalid_change");
  expect(message).toContain(expectedMessage(one.error));
});
