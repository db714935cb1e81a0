import { beforeAll, describe, expect, it } from "vitest";

import { EngineError, loadEngine, type SessionDefinition, stateAt, Timeline } from "../src/index.js";

const SEED = "550e8400-e29b-41d4-a716-446655440000";
const START = Date.UTC(2026, 10, 23, 12, 0, 3);
const BEFORE_START = { step: 0, value: 0, round: 0, broken: false };

/** A session as the server returns it, with more fields than the engine needs. */
const served = {
  id: "sess_0c6a3a0e-0f5c-4b9e-a8a4-2f9f2a3f9a10",
  seed: SEED,
  start_at: "2026-11-23T12:00:03.000Z",
  tick_ms: 100,
  rules: { break_interval: { min: 100, max: 300 }, rounds_per_epoch: 64 },
  engine_version: 1,
  metadata: { name: "a race" },
  status: "running",
  created_at: "2026-11-23T12:00:00.000Z",
  revision: 1,
};

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

const at = (changes: Partial<SessionDefinition>) => new Timeline({ ...served, ...changes });

describe("a session as the server returns it", () => {
  it("can be passed as it is", () => {
    const timeline = new Timeline(served);
    expect(timeline.stateAt(START)).toEqual({ step: 0, value: 1, round: 0, broken: false });
    expect(timeline.stateAt(new Date(START + 1_286_300))).toEqual({
      step: 12_863,
      value: 0,
      round: 64,
      broken: true,
    });
    expect(timeline.stateAt("2026-11-23T12:00:03.199Z").step).toBe(1);
    expect(stateAt(served, START + 1_286_300).broken).toBe(true);
  });

  it("is computed at fractions of a millisecond, as a clock has them, which are cut off", () => {
    const timeline = new Timeline(served);
    expect(timeline.stepAt(START + 99.999)).toBe(0);
    expect(timeline.stateAt(START + 100.5)).toEqual(timeline.stateAt(START + 100));
    expect(timeline.statusAt(START + 0.5)).toBe("running");
    expect(stateAt(served, START - 0.5)).toEqual(BEFORE_START);
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(errorOf(() => timeline.stateAt(now))).toMatchObject({ code: "not_an_instant", field: "now" });
    }
  });

  it("has not begun before its start", () => {
    const timeline = new Timeline(served);
    expect(timeline.stateAt(START - 1)).toEqual(BEFORE_START);
    expect(timeline.stepAt(START - 1)).toBeNull();
    expect(timeline.stepAt(START)).toBe(0);
  });

  it("gets defaults for missing rules", () => {
    const { rules, ...bare } = served;
    const expected = new Timeline({ ...bare, rules }).roundAt(1_000_000);
    for (const session of [
      bare,
      { ...bare, rules: {} },
      { ...bare, rules: { break_interval: rules.break_interval } },
      { ...bare, rules: { rounds_per_epoch: rules.rounds_per_epoch } },
    ]) {
      expect(new Timeline(session).roundAt(1_000_000)).toEqual(expected);
    }
  });

  it.each([0, 2, 1.5, "1", null])("is rejected if it needs engine version %j", (version) => {
    const error = errorOf(() => at({ engine_version: version as number }));
    expect([error.code, error.field]).toEqual(["engine_version", "engine_version"]);
    expect(error.message).toBe(`engine_version must be 1, got ${JSON.stringify(version)}`);
  });
});

describe("a value that is not a session", () => {
  const text = "session must be an object with seed, start_at and tick_ms, got ";
  const problem = {
    type: "about:blank",
    status: 404,
    detail: "there is no session sess_1; it may have expired",
  };

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["sess_1", '"sess_1"'],
    [problem, `an error response: ${problem.detail}`],
  ])("%j is rejected with a message", (value, got) => {
    const session = value as unknown as SessionDefinition;
    for (const use of [() => new Timeline(session), () => stateAt(session, START)]) {
      expect(errorOf(use)).toMatchObject({ code: "not_a_session", field: "session", message: text + got });
    }
  });
});

describe("a stopped session", () => {
  const stopped = { ...served, status: "stopped", stopped_at: "2026-11-23T12:00:04.050Z" };

  it("runs until it is stopped, and no longer", () => {
    const timeline = new Timeline(stopped);
    expect(timeline.stepAt(START + 1_000)).toBe(10);
    for (const now of [START + 1_050, START + 1_100, START + 10 ** 9]) {
      expect(timeline.stepAt(now)).toBe(10);
      expect(timeline.stateAt(now)).toEqual(timeline.state(10));
      expect(stateAt(stopped, now)).toEqual(timeline.state(10));
    }
  });

  it("still computes other steps", () => {
    expect(new Timeline(stopped).state(12_863).broken).toBe(true);
  });

  it("rejects an instant out of range like any other", () => {
    expect(errorOf(() => stateAt(stopped, 1e15))).toMatchObject({ code: "out_of_range", field: "now" });
    expect(errorOf(() => stateAt(stopped, -1))).toMatchObject({ code: "out_of_range", field: "now" });
  });

  it("never begins if it is stopped before its start", () => {
    const timeline = at({ stopped_at: START - 1 });
    expect(timeline.stateAt(START + 5_000)).toEqual(BEFORE_START);
    expect(timeline.stepAt(START + 5_000)).toBeNull();
  });

  it.each([null, undefined])("is not a session whose stop is %s", (stopped_at) => {
    expect(at({ stopped_at }).stepAt(START + 5_000)).toBe(50);
  });

  it("is rejected if the stop is not an instant", () => {
    expect(errorOf(() => at({ stopped_at: "soon" }))).toMatchObject({
      code: "not_an_instant",
      field: "stopped_at",
    });
    expect(errorOf(() => at({ stopped_at: -5 }))).toMatchObject({
      code: "out_of_range",
      field: "stopped_at",
      message: "stopped_at must be from 0 to 253402300799999, got -5",
    });
  });
});

describe("numbers", () => {
  const others = [
    0.5,
    2 ** 53,
    -(2 ** 53),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "1",
    null,
    undefined,
    true,
    1n,
  ];

  it.each(others.map((other) => [String(other), other]))(
    "must be integers: %s is rejected everywhere",
    (_name, other) => {
      const odd = other as number;
      const timeline = new Timeline(served);
      const calls: [string, () => unknown][] = [
        ["tick_ms", () => at({ tick_ms: odd })],
        ["break_interval.min", () => at({ rules: { break_interval: { min: odd, max: 5 } } })],
        ["break_interval.max", () => at({ rules: { break_interval: { min: 5, max: odd } } })],
        ["step", () => timeline.value(odd)],
        ["step", () => timeline.round(odd)],
        ["step", () => timeline.state(odd)],
        ["step", () => timeline.nextBreak(odd)],
        ["step", () => timeline.roundOf(odd)],
        ["step", () => timeline.timeOf(odd)],
        ["step", () => timeline.draw(odd, "dice")],
        ["round", () => timeline.roundAt(odd)],
        ["n", () => timeline.draw(0, "dice").below(odd)],
      ];
      for (const [field, call] of calls) {
        expect(errorOf(call)).toMatchObject({ code: "not_an_integer", field });
      }
    },
  );

  it("must be in range", () => {
    const timeline = new Timeline(served);
    const step = "step must be from 0 to 253402300799999, got -1";
    for (const call of [
      () => timeline.value(-1),
      () => timeline.round(-1),
      () => timeline.state(-1),
      () => timeline.nextBreak(-1),
      () => timeline.roundOf(-1),
      () => timeline.draw(-1, "dice"),
    ]) {
      expect(errorOf(call)).toMatchObject({ code: "out_of_range", field: "step", message: step });
    }
    expect(errorOf(() => timeline.roundAt(-1)).message).toBe("round must be from 0 to 1260707964179, got -1");
    expect(errorOf(() => timeline.timeOf(2 ** 45)).field).toBe("step");
    expect(errorOf(() => timeline.stateAt(-1)).message).toBe("now must be from 0 to 253402300799999, got -1");
    expect(errorOf(() => at({ rules: { rounds_per_epoch: 63 } })).code).toBe("not_even");
  });

  it("may be -0, which is 0", () => {
    expect(new Timeline(served).state(-0)).toEqual({ step: 0, value: 1, round: 0, broken: false });
    expect(new Timeline(served).roundAt(-0).round).toBe(0);
  });
});

describe("strings", () => {
  it.each(["\ud800", "a\udfff", "\udc00\ud800", "\u{1f600}\ud83d"])(
    "must be well-formed: %j is rejected",
    (text) => {
      expect(errorOf(() => at({ seed: text }))).toMatchObject({ code: "lone_surrogate", field: "seed" });
      const timeline = new Timeline(served);
      expect(errorOf(() => timeline.draw(0, text))).toMatchObject({
        code: "lone_surrogate",
        field: "channel",
      });
    },
  );

  it("may contain surrogate pairs", () => {
    const timeline = at({ seed: "\u{1f600}" });
    expect(timeline.draw(0, "\u{1f600}").word()).not.toBe(timeline.draw(0, "\u{1f601}").word());
  });

  it.each([undefined, null, 5, {}])("must be strings: %j is rejected", (other) => {
    const text = other as string;
    expect(errorOf(() => at({ seed: text }))).toMatchObject({ code: "not_a_text", field: "seed" });
    const timeline = new Timeline(served);
    expect(errorOf(() => timeline.draw(0, text))).toMatchObject({ code: "not_a_text", field: "channel" });
  });

  it("must not be too long", () => {
    expect(errorOf(() => at({ seed: "x".repeat(129) }))).toMatchObject({ code: "length", field: "seed" });
    expect(at({ seed: "x".repeat(128) }).value(0)).toBe(1);
  });
});
