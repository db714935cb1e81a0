/** The npm package's engine as the functions that a driver imports. It is used through its public API. */
import type {
  Draw,
  EngineError,
  Round,
  ScheduleChange,
  SessionDefinition,
  State,
  Timeline,
} from "tickseed/engine";

import type { Imports } from "./driver.js";

/** The part of the package used here. */
export interface Package {
  readonly ENGINE_VERSION: number;
  readonly EngineError: typeof import("tickseed/engine").EngineError;
  readonly Timeline: typeof import("tickseed/engine").Timeline;
}

/** Stands for a rejected input, and for the step before the start. */
const NONE = -1;

/** The codes of errors about numbers for which there is no answer. */
const REJECTIONS: ReadonlySet<string> = new Set(["out_of_range", "step_not_scheduled"]);

/** A change that cannot be added; see `Refusal` in `crates/conformance/src/engine.rs`. */
interface Refusal {
  readonly index: number;
  readonly rule: number;
}

/** The number of changes that a session may have. */
const MOST_CHANGES = 256;
const OUT_OF_RANGE = 1;
/** What the messages about an invalid change say, and the numbers of the rules. */
const RULES: readonly (readonly [RegExp, number])[] = [
  [/\.at must be after /, 2],
  [/ must differ from | must not pause /, 3],
  [/ must be where a tick begins/, 4],
];

/** Reads the place of the change and the rule from an error: programs need no more than its message. */
function refusalOf({ code, field, message }: EngineError): Refusal {
  const index = Number(/^schedule\[(\d+)\]/.exec(field)?.[1] ?? MOST_CHANGES);
  const rule = code === "out_of_range" ? OUT_OF_RANGE : RULES.find(([text]) => text.test(message))?.[1];
  if (rule === undefined) {
    throw new Error(`the package refuses a change for another reason: ${message}`);
  }
  return { index, rule };
}

/** Wraps the package's classes in functions over numbers; see `crates/conformance/driver/src/imported.rs`. */
export function engineOf({ ENGINE_VERSION, EngineError, Timeline }: Package): Imports {
  let text = "";
  let session: SessionDefinition | undefined;
  let changes: ScheduleChange[] = [];
  let timeline: Timeline | undefined;
  let state: State | undefined;
  let round: Round | undefined;
  let refusal: Refusal | undefined;
  let draw: Draw | undefined;
  let items: number[] = [];
  const takeText = () => {
    const all = text;
    text = "";
    return all;
  };
  /** Returns the answer, or -1 if the engine rejects a number as out of range, or a step as never reached. */
  const orNone = (answer: () => number) => {
    try {
      return answer();
    } catch (error) {
      if (error instanceof EngineError && REJECTIONS.has(error.code)) {
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
      changes = [];
      session = {
        seed: takeText(),
        start_at: defined(start_at),
        tick_ms: defined(tick_ms),
        rules: {
          break_interval: { min: defined(min), max: defined(max) },
          rounds_per_epoch: defined(rounds_per_epoch),
        },
        engine_version: ENGINE_VERSION,
      };
      timeline = new Timeline(session);
      return undefined;
    },
    change: (at, tick_ms) => {
      changes.push(
        tick_ms === 0 ? { at: defined(at), paused: true } : { at: defined(at), tick_ms: defined(tick_ms) },
      );
      return undefined;
    },
    changed: () => {
      const openWith = (count: number) => {
        const opened = new Timeline({ ...defined(session), schedule: changes.slice(0, count) });
        timeline?.free();
        timeline = opened;
      };
      try {
        openWith(changes.length);
        return NONE;
      } catch (error) {
        if (!(error instanceof EngineError)) {
          throw error;
        }
        refusal = refusalOf(error);
        openWith(refusal.index);
        return refusal.index;
      }
    },
    rule: () => defined(refusal).rule,
    is_paused: (now) => Number(defined(timeline).statusAt(defined(now)) === "paused"),
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
        return round.firstStep;
      }),
    interval: () => defined(round).interval,
    break_after: () => defined(round).nextBreak,
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
