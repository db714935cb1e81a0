import { errorPart } from "./bindings.js";
import { EngineError, type EngineErrorCode } from "./error.js";

/** The names of the inputs, indexed by the engine's numbers for them. */
const FIELDS = [
  "seed",
  "break_interval.min",
  "break_interval.max",
  "rounds_per_epoch",
  "start_at",
  "tick_ms",
  "schedule",
  "schedule.at",
  "schedule.tick_ms",
  "segments",
  "now",
  "step",
  "round",
  "channel",
  "n",
  "items",
];

/** Returns the result, unless it is negative: the engine reports an error that way. */
export function checked(result: number): number {
  if (result < 0) {
    throw lastError();
  }
  return result;
}

/**
 * Returns the engine's last error.
 *
 * @param names The names of inputs that differ from the engine's.
 */
export function lastError(names: Readonly<Record<string, string>> = {}): EngineError {
  const [kind, field, ...numbers] = Array.from({ length: 5 }, (_, part) => errorPart(part)) as Five;
  const name = FIELDS[field] ?? "input";
  return errorFor(kind, names[name] ?? name, ...numbers);
}

type Five = [number, number, number, number, number];

/**
 * Builds an error from the engine's numbers. The messages are those of the Rust engine.
 *
 * @param kind What the other numbers mean. For the first kinds they are a range and a value outside it.
 */
export function errorFor(kind: number, field: string, min: number, max: number, value: number): EngineError {
  const range = `${min} to ${max}`;
  const change = `schedule[${min}]`;
  const kinds: readonly (readonly [EngineErrorCode, string, string])[] = [
    [
      "out_of_range",
      field,
      `must ${field === "schedule" ? `have at most ${max} changes` : `be from ${range}`}, got ${value}`,
    ],
    ["not_even", field, `must be an even number from ${range}, got ${value}`],
    ["length", field, `must be ${range} bytes of UTF-8, got ${value} bytes`],
    ["invalid_change", `${change}.at`, `must be after ${max}, got ${value}`],
    value === 0
      ? ["invalid_change", change, "must not pause a session that is paused already"]
      : ["invalid_change", `${change}.tick_ms`, `must differ from the one before, got ${value}`],
    [
      "invalid_change",
      `${change}.at`,
      `must be where a tick begins, got ${value} ms after the beginning of a tick of ${max} ms`,
    ],
    ["step_not_scheduled", field, `${value} is not scheduled: the session is paused for good at step ${max}`],
  ];
  const [code, name, rest] = kinds[kind] ?? ["invalid", field, "must be valid for this engine"];
  return new EngineError(code, name, `${name} ${rest}`);
}
