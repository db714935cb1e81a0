/** The npm package's engine as what the driver imports: asked as any program would ask it. Runs in every engine. */
import type { Draw, Round, State, Timeline } from "tickseed/engine";

import type { Imports } from "./driver.js";

/** The package, however it was loaded. */
export interface Package {
  readonly ENGINE_VERSION: number;
  readonly EngineError: typeof import("tickseed/engine").EngineError;
  readonly Timeline: typeof import("tickseed/engine").Timeline;
}

/** What stands for a refused input, and for the step before the start. */
const NONE = -1;

/** Functions of numbers over the package's classes; see `crates/conformance/driver/src/imported.rs`. */
export function engineOf({ ENGINE_VERSION, EngineError, Timeline }: Package): Imports {
  let text = "";
  let timeline: Timeline | undefined;
  let state: State | undefined;
  let round: Round | undefined;
  let draw: Draw | undefined;
  let items: number[] = [];
  const taken = () => {
    const all = text;
    text = "";
    return all;
  };
  /** What is asked, or -1 if the engine refuses a number as out of its range. */
  const accepted = (ask: () => number) => {
    try {
      return ask();
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
      text += String.fromCodePoint(there(character));
      return undefined;
    },
    open: (start_at, tick_ms, min, max, rounds_per_epoch) => {
      timeline?.free();
      timeline = new Timeline({
        seed: taken(),
        start_at: there(start_at),
        tick_ms: there(tick_ms),
        rules: {
          break_interval: { min: there(min), max: there(max) },
          rounds_per_epoch: there(rounds_per_epoch),
        },
        engine_version: ENGINE_VERSION,
      });
      return undefined;
    },
    value: (step) => {
      state = there(timeline).state(there(step));
      return state.value;
    },
    round: () => there(state).round,
    broken: () => Number(there(state).broken),
    next_break: (step) => there(timeline).nextBreak(there(step)),
    step_at: (now) => there(timeline).stepAt(there(now)) ?? NONE,
    time_of: (step) => accepted(() => there(timeline).timeOf(there(step))),
    first_step_of: (number) =>
      accepted(() => {
        round = there(timeline).roundAt(there(number));
        return round.first_step;
      }),
    interval: () => there(round).interval,
    break_after: () => there(round).next_break,
    draw: (step) => {
      draw?.free();
      draw = there(timeline).draw(there(step), taken());
      return undefined;
    },
    word: () => there(draw).word(),
    unit: () => there(draw).unit(),
    below: (n) => there(draw).below(there(n)),
    shuffle: (length) => {
      items = there(draw).shuffle(Array.from({ length: there(length) }, (_, item) => item));
      return undefined;
    },
    item: (place) => there(items[there(place)]),
  };
}

/** What the driver has asked for before, or passed along. */
function there<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error("the driver asked for something too early");
  }
  return value;
}
