import { EngineError } from "./error.js";

/**
 * The number, if JavaScript holds it exactly as a whole number. Ranges are left to the engine, which has to be asked
 * with numbers that survive the way.
 */
export function whole(field: string, value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new EngineError(
      "not_an_integer",
      field,
      `${field} must be a whole number of at most 2^53 - 1 in size, got ${shown(value)}`,
    );
  }
  // Turns -0, which is the same number by another name, into 0.
  return value + 0;
}

/** The string, if it is well-formed: only then do all parties turn it into the same bytes. */
export function wellFormed(field: string, value: string): string {
  if (typeof value !== "string") {
    throw new EngineError("not_a_text", field, `${field} must be a string, got ${shown(value)}`);
  }
  // With the flag `u` whole pairs count as one character, so only lone halves match.
  if (/\p{Surrogate}/u.test(value)) {
    throw new EngineError(
      "lone_surrogate",
      field,
      `${field} must be well-formed text, got a lone surrogate in ${shown(value)}`,
    );
  }
  return value;
}

/** A value as an error message shows it. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  }
  if (typeof value === "object" && value !== null) {
    return "an object";
  }
  return String(value);
}
