import { beforeAll, describe, expect, it } from "vitest";

import {
  EngineError,
  loadEngine,
  type ScheduleChange,
  type SessionDefinition,
  stateAt,
  Timeline,
} from "../src/index.js";

const START = Date.UTC(2026, 10, 23, 12);
const SESSION: SessionDefinition = { seed: "any", start_at: START, tick_ms: 100 };
/** A pause in the middle of step 10, and a new rate soon after. */
const SCHEDULE: readonly ScheduleChange[] = [
  { at: START + 1_050, paused: true },
  { at: new Date(START + 5_000), tick_ms: 100 },
  { at: new Date(START + 6_050).toISOString(), tick_ms: 50 },
];

beforeAll(() => loadEngine());

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

const withSchedule = (schedule: unknown): Timeline =>
  new Timeline({ ...SESSION, schedule } as unknown as SessionDefinition);

describe("a session with a schedule", () => {
  it("is paused, and then goes on where it was", () => {
    const timeline = withSchedule(SCHEDULE);
    const steps = [1_049, 1_050, 4_999, 5_049, 5_050, 6_049, 6_050, 7_000];
    expect(steps.map((ms) => timeline.stepAt(START + ms))).toEqual([10, 10, 10, 10, 11, 20, 21, 40]);
    expect(timeline.timeOf(11)).toBe(START + 5_050);
    expect(timeline.timeOf(22)).toBe(START + 6_100);
    expect(timeline.stateAt(START + 3_000)).toEqual(timeline.state(10));
    expect(stateAt({ ...SESSION, schedule: SCHEDULE }, START + 7_000)).toEqual(timeline.state(40));
  });

  it("says whether it is running, paused or stopped", () => {
    const timeline = withSchedule(SCHEDULE);
    const statuses = (...instants: number[]) => instants.map((ms) => timeline.statusAt(START + ms));
    expect(statuses(-1, 0, 1_049, 1_050, 4_999, 5_000)).toEqual([
      "running",
      "running",
      "running",
      "paused",
      "paused",
      "running",
    ]);
    timeline.stopAt(START + 2_000);
    expect(statuses(1_999, 2_000, 6_000)).toEqual(["paused", "stopped", "stopped"]);
    expect(errorOf(() => timeline.statusAt(-1))).toMatchObject({ code: "out_of_range", field: "now" });
  });

  it("stays as it was at its stop, whatever changes follow", () => {
    const session = { ...SESSION, schedule: SCHEDULE, stopped_at: START + 3_000 };
    for (const ms of [3_000, 5_000, 7_000, 10 ** 9]) {
      expect(stateAt(session, START + ms).step).toBe(10);
    }
  });

  it("says that a step never begins if it is paused for good before", () => {
    const timeline = withSchedule([{ at: START + 1_050, paused: true }]);
    expect(timeline.timeOf(10)).toBe(START + 1_000);
    expect(errorOf(() => timeline.timeOf(11))).toMatchObject({ code: "step_not_scheduled", field: "step" });
    expect(timeline.state(11).step).toBe(11);
  });

  it.each([
    [{ at: START + 1, paused: false }, "invalid_change", "schedule[1]"],
    [{ at: START + 1 }, "invalid_change", "schedule[1]"],
    [{ at: START + 1, paused: true, tick_ms: 5 }, "invalid_change", "schedule[1]"],
    [{ at: START + 10, tick_ms: 0 }, "out_of_range", "schedule[1].tick_ms"],
    [{ at: START + 10, tick_ms: 86_400_001 }, "out_of_range", "schedule[1].tick_ms"],
    [{ at: START + 10, tick_ms: 1.5 }, "not_an_integer", "schedule[1].tick_ms"],
    [{ at: "soon", paused: true }, "not_an_instant", "schedule[1].at"],
    [{ at: 1e15, paused: true }, "out_of_range", "schedule[1].at"],
    [{ at: START, paused: true }, "invalid_change", "schedule[1].at"],
    [{ at: START + 10, paused: true }, "invalid_change", "schedule[1]"],
  ])("rejects the change %j", (change, code, field) => {
    const error = errorOf(() => withSchedule([{ at: START + 5, paused: true }, change]));
    expect([error.code, error.field]).toEqual([code, field]);
    expect(error.message.startsWith(`${field} must`)).toBe(true);
  });

  it("may have 256 changes and no more", () => {
    const changes = Array.from({ length: 257 }, (_, index) =>
      index % 2 === 0 ? { at: START + index + 1, paused: true } : { at: START + index + 1, tick_ms: 100 },
    );
    expect(withSchedule(changes.slice(0, 256)).statusAt(START + 1_000)).toBe("running");
    expect(errorOf(() => withSchedule(changes))).toMatchObject({
      code: "out_of_range",
      field: "schedule",
      message: "schedule must have at most 256 changes, got 257",
    });
    changes[256] = { at: -1, tick_ms: 1 };
    expect(errorOf(() => withSchedule(changes)).field).toBe("schedule[256].at");
  });
});

describe("a session that requires something", () => {
  it("is accepted if the package understands it", () => {
    for (const requires of [undefined, [], ["schedule"]]) {
      expect(new Timeline({ ...SESSION, requires }).stepAt(START)).toBe(0);
    }
  });

  it.each([[["schedule", "loops"]], [["Schedule"]], [[""]]])("is refused otherwise: %j", (requires) => {
    const session = { ...SESSION, requires };
    for (const use of [() => new Timeline(session), () => stateAt(session, START)]) {
      expect(errorOf(use)).toMatchObject({ code: "unknown_requirement", field: "requires" });
    }
    expect(errorOf(() => new Timeline(session)).message).toBe(
      `the session requires ${JSON.stringify(requires.at(-1))}, which this version of tickseed does not understand`,
    );
  });
});

it.each(["schedule", null, 5, {}])("requirements that are no list are refused: %j", (requires) => {
  const session = { ...SESSION, requires } as unknown as SessionDefinition;
  expect(errorOf(() => new Timeline(session))).toMatchObject({
    code: "unknown_requirement",
    field: "requires",
    message: expect.stringMatching("^requires must be a list of names, got "),
  });
});

describe("a timeline takes another version of its session", () => {
  it("with other changes and another stop", () => {
    const timeline = new Timeline(SESSION);
    expect(timeline.stepAt(START + 7_000)).toBe(70);
    timeline.update({ ...SESSION, schedule: SCHEDULE, stopped_at: START + 6_000 });
    expect(timeline.stepAt(START + 7_000)).toBe(20);
    timeline.update(SESSION);
    expect(timeline.stepAt(START + 7_000)).toBe(70);
  });

  it("and stays as it is if that one is invalid", () => {
    const timeline = withSchedule(SCHEDULE);
    for (const invalid of [
      { requires: ["loops"] },
      { engine_version: 2 },
      { stopped_at: -1 },
      { schedule: [{ at: START, paused: true }] },
      { seed: "" },
    ]) {
      expect(
        errorOf(() => timeline.update({ ...SESSION, ...(invalid as Partial<SessionDefinition>) })),
      ).toBeDefined();
      expect(timeline.stepAt(START + 7_000)).toBe(40);
    }
  });

  it("which leaves its draws as they are", () => {
    const timeline = new Timeline(SESSION);
    const draw = timeline.draw(7, "loot");
    const first = draw.word();
    timeline.update({ ...SESSION, schedule: SCHEDULE });
    const again = timeline.draw(7, "loot");
    expect(again.word()).toBe(first);
    expect(draw.word()).toBe(again.word());
  });

  it("unless it is freed", () => {
    const timeline = new Timeline(SESSION);
    timeline.free();
    expect(errorOf(() => timeline.update(SESSION))).toMatchObject({ code: "freed" });
    expect(errorOf(() => timeline.stopAt(null))).toMatchObject({ code: "freed" });
  });
});
