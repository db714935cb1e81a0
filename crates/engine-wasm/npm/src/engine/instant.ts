import { EngineError } from "./error.js";
import { integer, printable } from "./input.js";
import type { Instant } from "./session.js";

const MINUTE = 60_000;

/** The date, the time, the fraction of a second, and the offset from UTC unless it is `Z`. */
const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** Converts an instant to milliseconds since the Unix epoch, rounded down: a clock reads fractions. */
export function milliseconds(field: string, instant: Instant): number {
  if (typeof instant === "number" && Number.isFinite(instant)) {
    return integer(field, Math.floor(instant));
  }
  const found = instant instanceof Date ? instant.getTime() : parsed(instant);
  if (Number.isNaN(found)) {
    throw new EngineError(
      "not_an_instant",
      field,
      `${field} must be milliseconds since the Unix epoch, a valid Date, or an RFC 3339 string, ` +
        `got ${instant instanceof Date ? "an invalid Date" : printable(instant)}`,
    );
  }
  return found;
}

/** Parses an RFC 3339 string, with the rules of the server. Returns NaN if it is invalid. */
function parsed(text: unknown): number {
  const match = typeof text === "string" ? RFC_3339.exec(text) : null;
  if (match === null) {
    return Number.NaN;
  }
  const [, date, time, fraction = "", sign, hours, minutes] = match;
  const local = utc(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}Z`);
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * MINUTE;
  return sign === "-" ? local + offset : local - offset;
}

/** Parses a string in the form of `Date.toISOString`. Returns NaN for a day or a time that does not exist, or a leap second. */
function utc(text: string): number {
  const date = new Date(text);
  // JavaScript reads 30 February as 2 March, so an invalid date does not survive the round trip.
  return !Number.isNaN(date.getTime()) && date.toISOString() === text ? date.getTime() : Number.NaN;
}
