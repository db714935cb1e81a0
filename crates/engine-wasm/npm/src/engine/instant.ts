import { EngineError } from "./error.js";
import { shown, whole } from "./input.js";
import type { Instant } from "./session.js";

const MINUTE = 60_000;

/** Date, time, fraction of a second, and the offset from UTC if it is not `Z`. */
const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** The instant in milliseconds since the Unix epoch. */
export function milliseconds(field: string, instant: Instant): number {
  if (typeof instant === "number") {
    return whole(field, instant);
  }
  const found = instant instanceof Date ? instant.getTime() : parsed(instant);
  if (Number.isNaN(found)) {
    throw new EngineError(
      "not_an_instant",
      field,
      `${field} must be whole milliseconds since the Unix epoch, a valid Date or RFC 3339 text of whole ` +
        `milliseconds, got ${instant instanceof Date ? "an invalid Date" : shown(instant)}`,
    );
  }
  return found;
}

/** The instant that RFC 3339 text names; not a number if it names none, or one between two milliseconds. */
function parsed(text: string): number {
  const match = typeof text === "string" ? RFC_3339.exec(text) : null;
  if (match === null) {
    return Number.NaN;
  }
  const [, date, time, fraction = "", sign, hours, minutes] = match;
  if (/[1-9]/.test(fraction.slice(3))) {
    return Number.NaN;
  }
  const local = utc(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}Z`);
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * MINUTE;
  return sign === "-" ? local + offset : local - offset;
}

/** The instant of a text in the form that `Date` writes; not a number for a day or an hour that does not exist. */
function utc(text: string): number {
  const date = new Date(text);
  // Engines take 30 February for 2 March. What comes back written differently was no date.
  return !Number.isNaN(date.getTime()) && date.toISOString() === text ? date.getTime() : Number.NaN;
}
