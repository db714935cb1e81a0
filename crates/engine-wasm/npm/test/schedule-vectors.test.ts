import { beforeAll, describe, expect, it } from "vitest";

import { ENGINE_VERSION, EngineError, loadEngine, type SessionDefinition, Timeline } from "../src/index.js";
import { type RefusedCase, type ScheduleCase, type ScheduleForm, vectors } from "./schedule-vectors.js";

beforeAll(() => loadEngine());

/** Returns a session with the schedule of a case. */
function session({ start_at, tick_ms, changes }: ScheduleForm): SessionDefinition {
  const schedule = changes.map(({ at, tick_ms }) =>
    tick_ms === 0 ? { at: Number(at), paused: true as const } : { at: Number(at), tick_ms },
  );
  return { seed: "any", start_at: Number(start_at), tick_ms, schedule, requires: ["schedule"] };
}

/** Returns the error that a call throws. */
function errorOf(call: () => unknown): EngineError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    return error as EngineError;
  }
  return expect.unreachable("nothing was thrown");
}

/** Returns the instants in an order that leaps back and forth. */
function leaping<Item>(items: readonly Item[]): Item[] {
  return items.map((_, index) => items[(index * 7) % items.length] as Item);
}

function checkInstants(timeline: Timeline, { why, instants }: ScheduleCase): void {
  for (const { now, step, paused } of [...instants, ...leaping(instants)]) {
    const at = Number(now);
    expect(timeline.stepAt(at), `${why}, at ${now}`).toBe(step === undefined ? null : Number(step));
    expect(timeline.statusAt(at), `${why}, at ${now}`).toBe(paused ? "paused" : "running");
  }
}

function checkSteps(timeline: Timeline, { why, steps }: ScheduleCase): void {
  for (const { step, time, never, last } of steps) {
    const number = Number(step);
    const expected = time === undefined ? Number.POSITIVE_INFINITY : Number(time);
    expect(timeline.whenBegins(number), `${why}, step ${step}`).toBe(expected);
    if (never === undefined) {
      expect(timeline.timeOf(number), `${why}, step ${step}`).toBe(expected);
      continue;
    }
    expect(
      errorOf(() => timeline.timeOf(number)),
      `${why}, step ${step}`,
    ).toMatchObject(
      never === "paused"
        ? {
            code: "step_not_scheduled",
            field: "step",
            message: `step ${step} is not scheduled: the session is paused for good at step ${last}`,
          }
        : { code: "out_of_range", field: "step", message: `step must be from 0 to ${last}, got ${step}` },
    );
  }
}

/** Returns what is expected of the error. */
function expected({ error }: RefusedCase): Partial<EngineError> {
  const change = `schedule[${error.index}]`;
  switch (error.rule) {
    case "out_of_range":
      return outOfRange(error, error.index === undefined ? error.field : change);
    case "not_later":
      return invalid(`${change}.at`, `must be after ${error.previous}, got ${error.at}`);
    case "no_change":
      return error.tick_ms === 0
        ? invalid(change, "must not pause a session that is paused already")
        : invalid(`${change}.tick_ms`, `must differ from the one before, got ${error.tick_ms}`);
    case "within_tick": {
      const { phase, rate } = error;
      const rest = `got ${phase} ms after the beginning of a tick of ${rate} ms`;
      return invalid(`${change}.at`, `must be where a tick begins, ${rest}`);
    }
  }
}

function outOfRange(
  { field, min, max, value }: Extract<RefusedCase["error"], { rule: "out_of_range" }>,
  name: string,
): Partial<EngineError> {
  const code = "out_of_range";
  switch (field) {
    case "schedule":
      return { code, field, message: `schedule must have at most ${max} changes, got ${value}` };
    case "schedule.at":
      return { code, field: `${name}.at`, message: `${name}.at must be from ${min} to ${max}, got ${value}` };
    default:
      // In JSON a pause is `paused: true`, and not a length of 0.
      return {
        code,
        field: `${name}.tick_ms`,
        message: `${name}.tick_ms must be from 1 to ${max}, got ${value}`,
      };
  }
}

function invalid(field: string, rest: string): Partial<EngineError> {
  return { code: "invalid_change", field, message: `${field} ${rest}` };
}

const named = <Case extends ScheduleForm>(cases: Case[]) =>
  cases.map((one): [string, Case] => [one.why, one]);

describe("schedules", () => {
  it.each(named(vectors.schedules))("%s", (_why, one) => {
    const timeline = new Timeline(session(one));
    checkInstants(timeline, one);
    checkSteps(timeline, one);
    timeline.free();
  });

  it("that one timeline takes one after the other do not affect each other", () => {
    const timeline = new Timeline({ seed: "another", start_at: 0, tick_ms: 1 });
    for (const one of vectors.schedules) {
      timeline.update(session(one));
      checkInstants(timeline, one);
    }
    timeline.free();
  });
});

describe("invalid schedules throw", () => {
  it.each(named(vectors.refused))("%s", (_why, one) => {
    const use = () => new Timeline(session(one));
    expect(errorOf(use)).toMatchObject(expected(one));
  });

  it("and leave a timeline as it is", () => {
    const one = vectors.schedules[0] as ScheduleCase;
    const timeline = new Timeline(session(one));
    for (const refused of vectors.refused) {
      expect(() => timeline.update(session(refused))).toThrow(EngineError);
      checkInstants(timeline, one);
    }
    timeline.free();
  });
});

it("the vectors have this version, and are complete", () => {
  expect(vectors.engine_version).toBe(ENGINE_VERSION);
  expect(vectors.schedules.length).toBeGreaterThan(50);
  expect(vectors.schedules.map(({ changes }) => changes.length)).toContain(256);
  expect(new Set(vectors.refused.map(({ error }) => error.rule)).size).toBe(4);
  expect(new Set(vectors.schedules.flatMap(({ steps }) => steps.map(({ never }) => never)))).toEqual(
    new Set([undefined, "paused", "year_9999"]),
  );
});
