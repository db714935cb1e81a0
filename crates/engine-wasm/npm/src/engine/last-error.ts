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
  "now",
  "step",
  "round",
  "channel",
  "n",
  "items",
];

/** The codes and messages, indexed by the engine's number of the kind. The messages are those of the Rust engine. */
const KINDS: readonly (readonly [EngineErrorCode, (range: string, value: number) => string])[] = [
  ["out_of_range", (range, value) => `from ${range}, got ${value}`],
  ["not_even", (range, value) => `an even number from ${range}, got ${value}`],
  ["length", (range, value) => `${range} bytes of UTF-8, got ${value} bytes`],
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
 * @param name The name of the input, if it differs from the engine's.
 */
export function lastError(name?: string): EngineError {
  const [kind, field, ...numbers] = Array.from({ length: 5 }, (_, part) => errorPart(part)) as Five;
  return errorFor(kind, name ?? FIELDS[field] ?? "input", ...numbers);
}

type Five = [number, number, number, number, number];

/** Builds an error from the engine's numbers. */
export function errorFor(kind: number, field: string, min: number, max: number, value: number): EngineError {
  const [code, words] = KINDS[kind] ?? ["invalid", () => "valid for this engine"];
  return new EngineError(code, field, `${field} must be ${words(`${min} to ${max}`, value)}`);
}
