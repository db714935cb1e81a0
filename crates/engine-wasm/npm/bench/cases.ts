/** The calls that crates/costs measures in Rust, through the npm package, with the same names and at the same steps. */
import type * as tickseed from "../src/engine.js";
import { each, emptyFunction, from } from "./loops.js";
import type { Case, Loop } from "./measure.js";

type Engine = Pick<typeof tickseed, "Timeline">;
type Timeline = tickseed.Timeline;

/** From the first minutes of a session to 2^47, some 4,500 years of ticks of a millisecond. */
const STEPS = [1e3, 1e6, 1e9, 1e12, 2 ** 47];
/** Where a replay is measured. Further on it takes too long. */
const REPLAYED = [1e3, 1e4, 1e5, 1e6];

const SESSION = { seed: "550e8400-e29b-41d4-a716-446655440000", start_at: 0, tick_ms: 1 };
/** The number of steps in an epoch under the default rules, and of its rounds. */
const EPOCH = 12_864;
const ROUNDS_PER_EPOCH = 64;
/** How many neighbouring steps, or numbers far apart, a case goes through before it begins again. */
const NEIGHBOURS = 4_096;
const FAR = 64;
/** The last instant that the engine knows: the end of the year 9999. */
const LAST_INSTANT = 253_402_300_799_999;
/** How many states are computed at once. */
const BULK = 1_000_000;

/** Returns all cases. */
export function cases(engine: Engine): Case[] {
  const atSteps = STEPS.map((step) =>
    Object.entries(atStep(engine, step)).map(([name, loop]) => ({ name, step, loop })),
  );
  // Near and far calls of one kind follow each other, so that a busy moment affects both.
  const calls = (atSteps[0] ?? []).flatMap((_, kind) => atSteps.flatMap((its) => its.slice(kind, kind + 1)));
  const replays = REPLAYED.map((step) => ({
    name: "replay of all ticks",
    step,
    loop: replayed(engine, step),
  }));
  return [{ name: "an empty call", step: 0, loop: emptyCall() }, ...calls, ...replays];
}

function atStep({ Timeline }: Engine, step: number): Record<string, Loop> {
  const timeline = new Timeline(SESSION);
  const neighbours = from(firstNeighbour(step), NEIGHBOURS);
  const inOtherEpochs = from(step, FAR, EPOCH);
  const rounds = from(timeline.round(step), FAR, ROUNDS_PER_EPOCH);
  return {
    "next step": each(neighbours, (near) => timeline.value(near)),
    "step in another epoch": each(inOtherEpochs, (far) => timeline.value(far)),
    "state from the seed's text": each(inOtherEpochs, (far) => fromSeed(Timeline, far)),
    "round by its number": each(rounds, (round) => timeline.roundAt(round).interval),
    "one die of a draw": each(neighbours, (near) => die(timeline, near)),
    "step_at, no changes": stepAt(Timeline, step, 0),
    "step_at, 10 changes": stepAt(Timeline, step, 10),
    "step_at, 256 changes": stepAt(Timeline, step, 256),
    "an array of 1,000,000 states": bulk(timeline, step),
  };
}

function emptyCall(): Loop {
  const nothing = emptyFunction();
  return each(from(0, NEIGHBOURS), (number) => nothing(0, number));
}

/** Returns the first of neighbouring steps that lie in one epoch, the given step among them. */
function firstNeighbour(step: number): number {
  // The position of a step is one more than its number.
  const behindEpoch = (Math.floor((step + 1) / EPOCH) + 1) * EPOCH;
  return Math.min(step, behindEpoch - 1 - NEIGHBOURS);
}

function fromSeed(Timeline: Engine["Timeline"], instant: number): number {
  const timeline = new Timeline(SESSION);
  const { value } = timeline.stateAt(instant);
  timeline.free();
  return value;
}

function die(timeline: Timeline, step: number): number {
  const draw = timeline.draw(step, "loot");
  const thrown = draw.below(6);
  draw.free();
  return thrown;
}

/** Asks for the steps of instants in different segments of a schedule: pauses of 1 ms, spread over all instants. */
function stepAt(Timeline: Engine["Timeline"], step: number, changes: number): Loop {
  const apart = Math.floor(LAST_INSTANT / (changes / 2 + 1));
  const schedule = from(apart, changes / 2, apart).flatMap((at) => [
    { at, paused: true as const },
    { at: at + 1, tick_ms: 1 },
  ]);
  const timeline = new Timeline({ ...SESSION, schedule });
  const instants = from(step, FAR, apart).map((instant) => instant % LAST_INSTANT);
  return each(instants, (instant) => timeline.stepAt(instant) ?? 0);
}

/** Fills an array with the values of consecutive steps. */
function bulk(timeline: Timeline, first: number): Loop {
  const values = new Float64Array(BULK);
  const fill = new Function(
    "timeline",
    "values",
    "first",
    "for (let index = 0; index < values.length; index++) values[index] = timeline.value(first + index);",
  ) as (timeline: Timeline, values: Float64Array, first: number) => void;
  return each([first], (step) => {
    fill(timeline, values, step);
    return values[BULK - 1] ?? Number.NaN;
  });
}

function replayed({ Timeline }: Engine, last: number): Loop {
  const timeline = new Timeline(SESSION);
  if (replay(timeline, 100_000) !== timeline.value(100_000)) {
    throw new Error("the replay is wrong");
  }
  return each([last], (step) => replay(timeline, step));
}

/** Counts every tick from the first, as an engine without epochs would do it. */
function replay(timeline: Timeline, last: number): number {
  let { interval } = timeline.roundOf(0);
  let value = timeline.value(0);
  for (let step = 1; step <= last; step++) {
    if (value === interval) {
      value = 0;
      ({ interval } = timeline.roundOf(step));
    } else {
      value += 1;
    }
  }
  return value;
}
