import { EngineError, type EngineErrorCode } from "./error.js";
import { refusal } from "./raw.js";

/** The names of the inputs, in the order of the engine's numbers for them. */
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

/** What is allowed and what came, in the engine's words, by the number of the kind. */
const KINDS: readonly (readonly [EngineErrorCode, (range: string, value: number) => string])[] = [
  ["out_of_range", (range, value) => `from ${range}, got ${value}`],
  ["not_even", (range, value) => `an even number from ${range}, got ${value}`],
  ["length", (range, value) => `${range} bytes of UTF-8, got ${value} bytes`],
];

/** The answer, unless it is negative: then the engine refused what it was asked about. */
export function accepted(answer: number): number {
  if (answer < 0) {
    throw refused();
  }
  return answer;
}

/**
 * What the engine refused last.
 *
 * @param name What the input is called, if its name here is not that of the engine.
 */
export function refused(name?: string): EngineError {
  const [kind, field, ...numbers] = Array.from({ length: 5 }, (_, part) => refusal(part)) as Five;
  return inWords(kind, name ?? FIELDS[field] ?? "input", ...numbers);
}

type Five = [number, number, number, number, number];

/** A refusal in words. */
export function inWords(kind: number, field: string, min: number, max: number, value: number): EngineError {
  const [code, words] = KINDS[kind] ?? ["invalid", () => "what this engine takes"];
  return new EngineError(code, field, `${field} must be ${words(`${min} to ${max}`, value)}`);
}
