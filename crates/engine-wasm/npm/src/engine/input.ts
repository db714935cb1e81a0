import { EngineError } from "./error.js";

/**
 * Returns the number if it is an integer that JavaScript represents exactly. The engine checks ranges.
 */
export function integer(field: string, value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new EngineError(
      "not_an_integer",
      field,
      `${field} must be an integer of at most 2^53 - 1 in magnitude, got ${printable(value)}`,
    );
  }
  // Turns -0 into 0.
  return value + 0;
}

/** Returns the string if it is well-formed: only then does every implementation encode it as the same bytes. */
export function wellFormed(field: string, value: string): string {
  if (typeof value !== "string") {
    throw new EngineError("not_a_text", field, `${field} must be a string, got ${printable(value)}`);
  }
  // With the flag `u` a surrogate pair is one character, so only lone surrogates match.
  if (/[\uD800-\uDFFF]/u.test(value)) {
    throw new EngineError(
      "lone_surrogate",
      field,
      `${field} must be a well-formed string, got a lone surrogate in ${printable(value)}`,
    );
  }
  return value;
}

/** Formats a value for an error message. */
export function printable(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  }
  if (typeof value === "object" && value !== null) {
    return "an object";
  }
  return String(value);
}
