/** The npm package's engine as the functions that a driver imports. It is used through its public API. */
import type { Draw, Round, State, Timeline } from "tickseed/engine";

import type { Imports } from "./driver.js";

/** The part of the package used here. */
export interface Package {
  readonly ENGINE_VERSION: number;
  readonly EngineError: typeof import("tickseed/engine").EngineError;
  readonly Timeline: typeof import("tickseed/engine").Timeline;
}

/** Stands for a rejected input, and for the step before the start. */
const NONE = -1;

/** Wraps the package's classes in functions over numbers; see `crates/conformance/driver/src/imported.rs`. */
export function engineOf({ ENGINE_VERSION, EngineError, Timeline }: Package): Imports {
  let text = "";
  let timeline: Timeline | undefined;
  let state: State | undefined;
  let round: Round | undefined;
  let draw: Draw | undefined;
  let items: number[] = [];
  const takeText = () => {
    const all = text;
    text = "";
    return all;
  };
  /** Returns the answer, or -1 if the engine rejects a number as out of range. */
  const orNone = (answer: () => number) => {
    try {
      return answer();
    } catch (error) {
      if (error instanceof EngineError && error.code === "out_of_range") {
        return NONE;
      }
      throw error;
    }
  };
  return {
    version: () => ENGINE_VERSION,
    write: (character) => {
      text += String.fromCodePoint(defined(character));
      return undefined;
    },
    open: (start_at, tick_ms, min, max, rounds_per_epoch) => {
      timeline?.free();
      timeline = new Timeline({
        seed: takeText(),
        start_at: defined(start_at),
        tick_ms: defined(tick_ms),
        rules: {
          break_interval: { min: defined(min), max: defined(max) },
          rounds_per_epoch: defined(rounds_per_epoch),
        },
        engine_version: ENGINE_VERSION,
      });
      return undefined;
    },
    value: (step) => {
      state = defined(timeline).state(defined(step));
      return state.value;
    },
    round: () => defined(state).round,
    broken: () => Number(defined(state).broken),
    next_break: (step) => defined(timeline).nextBreak(defined(step)),
    step_at: (now) => defined(timeline).stepAt(defined(now)) ?? NONE,
    time_of: (step) => orNone(() => defined(timeline).timeOf(defined(step))),
    first_step_of: (number) =>
      orNone(() => {
        round = defined(timeline).roundAt(defined(number));
        return round.first_step;
      }),
    interval: () => defined(round).interval,
    break_after: () => defined(round).next_break,
    draw: (step) => {
      draw?.free();
      draw = defined(timeline).draw(defined(step), takeText());
      return undefined;
    },
    word: () => defined(draw).word(),
    unit: () => defined(draw).unit(),
    below: (n) => defined(draw).below(defined(n)),
    shuffle: (length) => {
      items = defined(draw).shuffle(Array.from({ length: defined(length) }, (_, item) => item));
      return undefined;
    },
    item: (index) => defined(items[defined(index)]),
  };
}

/** Returns a value that an earlier call has set, or an argument. */
function defined<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error("the driver calls the engine's functions in the wrong order");
  }
  return value;
}
