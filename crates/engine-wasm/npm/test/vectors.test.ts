import { beforeAll, describe, expect, it } from "vitest";

import {
  ENGINE_VERSION,
  EngineError,
  loadEngine,
  type SessionDefinition,
  stateAt,
  Timeline,
} from "../src/index.js";
import { routes } from "./routes.js";
import { type DrawCase, type EpochCase, type InvalidCase, type StateCase, vectors } from "./vectors.js";

/** The very last step: ticks of 1 ms from 1970 to the end of the year 9999. */
const LAST_STEP = 253_402_300_799_999;

beforeAll(() => loadEngine());

/** A session of which only the seed and the rules matter. */
const anyTime = ({ seed, rules }: Pick<StateCase, "seed" | "rules">): SessionDefinition => ({
  seed,
  rules,
  start_at: 0,
  tick_ms: 1,
});

const numbers = (state: StateCase["state"]) => ({
  ...state,
  step: Number(state.step),
  round: Number(state.round),
});

/** Returns every round of the epoch by number. The last epoch has rounds that begin after the last step. */
function checkEpoch(timeline: Timeline, one: EpochCase): void {
  const first = Number(one.epoch) * one.rules.rounds_per_epoch;
  const last = timeline.round(LAST_STEP);
  const reached = one.intervals.slice(0, last - first + 1);
  expect(
    reached.map((_, index) => timeline.roundAt(first + index).interval),
    one.why,
  ).toEqual(reached);
  expect(() => timeline.roundAt(last + 1), one.why).toThrow(EngineError);
}

function checkDraw(timeline: Timeline, one: DrawCase): void {
  const fresh = () => timeline.draw(Number(one.step), one.channel);
  const take = <Value>(count: number, value: () => Value) => Array.from({ length: count }, value);
  const words = fresh();
  expect(
    take(40, () => words.word()),
    one.why,
  ).toEqual(one.words);
  const units = fresh();
  expect(
    take(one.units.length, () => String(units.unit() * 2 ** 53)),
    one.why,
  ).toEqual(one.units);
  for (const { n, values } of one.below) {
    const draw = fresh();
    expect(
      take(values.length, () => draw.below(n)),
      `${one.why}, n = ${n}`,
    ).toEqual(values);
  }
  const items = Array.from({ length: 52 }, (_, index) => index);
  const shuffled = fresh();
  expect(shuffled.shuffle(items), one.why).toEqual(one.shuffle_52);
  expect(shuffled.word(), one.why).toBe(one.word_after_shuffle);
  const turn = fresh();
  expect(turn.word(), one.why).toBe(one.in_turn.first_word);
  expect(turn.below(1), one.why).toBe(one.in_turn.below_1);
  expect(String(turn.unit() * 2 ** 53), one.why).toBe(one.in_turn.unit);
  expect(turn.below(6), one.why).toBe(one.in_turn.below_6);
  expect(turn.word(), one.why).toBe(one.in_turn.last_word);
}

describe.each(Object.entries(routes))("by %s", (_name, walk) => {
  it("computes the states at instants", () => {
    const session = ({ seed, rules, start_at, tick_ms }: (typeof vectors.states_at)[number]) => ({
      seed,
      rules,
      start_at: Number(start_at),
      tick_ms,
    });
    walk(vectors.states_at, session, (timeline, one) => {
      expect(timeline.stateAt(Number(one.now)), one.why).toEqual(numbers(one.state));
    });
  });

  it("computes the states of steps, as objects and as numbers, and the breaks that follow", () => {
    walk(vectors.states, anyTime, (timeline, one) => {
      const step = Number(one.step);
      expect(timeline.state(step), one.why).toEqual(numbers(one.state));
      expect(timeline.value(step), one.why).toBe(one.state.value);
      expect(timeline.round(step), one.why).toBe(Number(one.state.round));
      expect(timeline.nextBreak(step), one.why).toBe(Number(one.next_break));
      expect(timeline.roundOf(step).round, one.why).toBe(Number(one.state.round));
      expect(timeline.roundOf(step).nextBreak, one.why).toBe(Number(one.next_break));
    });
  });

  it("computes the instants of steps", () => {
    const session = ({ start_at, tick_ms }: (typeof vectors.times)[number]) => ({
      seed: "any",
      start_at: Number(start_at),
      tick_ms,
    });
    walk(vectors.times, session, (timeline, one) => {
      expect(timeline.timeOf(Number(one.step)), one.why).toBe(Number(one.time));
      expect(timeline.stepAt(Number(one.time)), one.why).toBe(Number(one.step));
    });
  });

  it("computes the rounds", () => {
    walk(vectors.rounds, anyTime, (timeline, one) => {
      expect(timeline.roundAt(Number(one.round)), one.why).toEqual({
        round: Number(one.round),
        firstStep: Number(one.first_step),
        interval: one.interval,
        nextBreak: Number(one.next_break),
      });
    });
  });

  it("computes the intervals of epochs", () => {
    walk(vectors.epochs, anyTime, checkEpoch);
  });

  it("computes the draws", () => {
    walk(vectors.draws, anyTime, checkDraw);
  });
});

it("the vectors have this version, are complete, and reach beyond 32 bits", () => {
  expect(vectors.engine_version).toBe(ENGINE_VERSION);
  for (const cases of [vectors.states_at, vectors.times, vectors.rounds, vectors.epochs, vectors.invalid]) {
    expect(cases.length).toBeGreaterThan(10);
  }
  expect(vectors.states.filter((one) => Number(one.step) > 2 ** 32).length).toBeGreaterThan(10);
  expect(vectors.draws.filter((one) => Number(one.step) > 2 ** 32).length).toBeGreaterThan(10);
});

it("stateAt agrees with a timeline", () => {
  for (const { seed, rules, start_at, tick_ms, now, state, why } of vectors.states_at) {
    const session = { seed, rules, start_at: Number(start_at), tick_ms };
    expect(stateAt(session, Number(now)), why).toEqual(numbers(state));
  }
});

describe("invalid inputs throw", () => {
  /** Uses every input, and so the invalid one. */
  function use({ seed, rules, start_at, tick_ms, now, step, channel, n, round }: InvalidCase["input"]): void {
    const timeline = new Timeline({ seed, rules, start_at: Number(start_at), tick_ms });
    timeline.stateAt(Number(now));
    timeline.timeOf(Number(step));
    timeline.draw(Number(step), channel).below(n);
    if (round !== undefined) {
      timeline.roundAt(Number(round));
    }
  }

  /** The expected message. A number beyond 2^53 is rejected before it reaches the engine. */
  function expected({ field, min, max, value, even }: InvalidCase["error"]): string {
    if (!Number.isSafeInteger(Number(value))) {
      return `${field} must be an integer of at most 2^53 - 1 in magnitude, got ${value}`;
    }
    if (field === "seed" || field === "channel") {
      return `${field} must be ${min} to ${max} bytes of UTF-8, got ${value} bytes`;
    }
    const inRange = Number(min) <= Number(value) && Number(value) <= Number(max);
    const range = even && inRange ? `an even number from ${min} to ${max}` : `from ${min} to ${max}`;
    return `${field} must be ${range}, got ${value}`;
  }

  it.each(vectors.invalid.map((one): [string, InvalidCase] => [one.why, one]))("%s", (_why, one) => {
    try {
      use(one.input);
    } catch (error) {
      expect(error).toBeInstanceOf(EngineError);
      expect((error as EngineError).field).toBe(one.error.field);
      expect((error as EngineError).message).toBe(expected(one.error));
      return;
    }
    expect.unreachable("nothing was thrown");
  });
});
