import { readFileSync } from "node:fs";

import { beforeAll, describe, expect, it } from "vitest";

import { type Instant, loadEngine, Timeline } from "../src/index.js";

/** Which strings are instants. The server's tests read the same table. */
const TABLE = JSON.parse(
  readFileSync(new URL("../../../session/tests/instants.json", import.meta.url), "utf8"),
) as { accepted: [string, number][]; refused: string[] };

beforeAll(() => loadEngine());

/** Returns the instant that `start_at` is read as. */
const start = (start_at: Instant) => new Timeline({ seed: "any", start_at, tick_ms: 1 }).timeOf(0);

describe("like the server, the package", () => {
  it.each(TABLE.accepted)("accepts %j", (text, milliseconds) => {
    expect(start(text)).toBe(milliseconds);
  });

  it.each(TABLE.refused)("refuses %j", (text) => {
    expect(() => start(text)).toThrow(expect.objectContaining({ name: "EngineError", field: "start_at" }));
  });
});

describe("an instant is read from", () => {
  it.each<[string, Instant, number]>([
    ["a string as the server sends it", "2026-11-23T12:00:03.000Z", Date.UTC(2026, 10, 23, 12, 0, 3)],
    ["a string without a fraction", "2026-11-23T12:00:03Z", Date.UTC(2026, 10, 23, 12, 0, 3)],
    ["a string with a fraction of one digit", "1970-01-01T00:00:00.5Z", 500],
    ["a string between two milliseconds", "1970-01-01T00:00:00.1239Z", 123],
    ["a string with an offset east", "1970-01-01T05:30:00+05:30", 0],
    ["a string with an offset west", "1969-12-31T16:00:00.001-08:00", 1],
    ["a string with an unknown offset", "1970-01-01T00:00:00-00:00", 0],
    ["a string in lower case", "1970-01-01t00:00:01z", 1_000],
    ["a string with a space", "1970-01-01 00:00:01Z", 1_000],
    ["29 February of a leap year", "2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["the last valid millisecond", "9999-12-31T23:59:59.999Z", 253_402_300_799_999],
    ["a date", new Date(1_234), 1_234],
    ["a number", 1_234, 1_234],
    ["a number between two milliseconds", 1_234.999, 1_234],
  ])("%s", (_name, instant, milliseconds) => {
    expect(start(instant)).toBe(milliseconds);
  });
});

describe("an error with the field and the value comes from", () => {
  it.each<[string, unknown, string]>([
    ["a string with only a day", "2026-11-23", '"2026-11-23"'],
    ["a string without an offset", "2026-11-23T12:00:03", '"2026-11-23T12:00:03"'],
    ["a string without seconds", "2026-11-23T12:00Z", '"2026-11-23T12:00Z"'],
    ["a month that does not exist", "2026-13-01T00:00:00Z", '"2026-13-01T00:00:00Z"'],
    ["a day that does not exist", "2026-02-30T00:00:00Z", '"2026-02-30T00:00:00Z"'],
    ["hour 24", "2026-11-23T24:00:00Z", '"2026-11-23T24:00:00Z"'],
    ["a leap second", "2016-12-31T23:59:60Z", '"2016-12-31T23:59:60Z"'],
    ["an offset that does not exist", "2026-11-23T12:00:03+24:00", '"2026-11-23T12:00:03+24:00"'],
    ["a string with other text around it", "x 1970-01-01T00:00:00Z", '"x 1970-01-01T00:00:00Z"'],
    ["a string with a trailing line break", "1970-01-01T00:00:00Z\n", '"1970-01-01T00:00:00Z\\n"'],
    ["a date of RFC 1123", "Mon, 23 Nov 2026 12:00:03 GMT", '"Mon, 23 Nov 2026 12:00:03 GMT"'],
    ["a string with a number", "1234", '"1234"'],
    ["an empty string", "", '""'],
    ["an invalid date", new Date(Number.NaN), "an invalid Date"],
    ["missing", undefined, "undefined"],
    ["null", null, "null"],
    ["an object", {}, "an object"],
    ["a bigint", 5n, "5"],
    ["not a number", Number.NaN, "NaN"],
    ["an infinite number", Number.POSITIVE_INFINITY, "Infinity"],
  ])("%s", (_name, instant, got) => {
    expect(() => start(instant as Instant)).toThrow(
      expect.objectContaining({
        name: "EngineError",
        code: "not_an_instant",
        field: "start_at",
        message:
          "start_at must be milliseconds since the Unix epoch, a valid Date, or an RFC 3339 string, " +
          `got ${got}`,
      }),
    );
  });

  it("a number that is too large", () => {
    expect(() => start(1e300)).toThrow(
      expect.objectContaining({ code: "not_an_integer", field: "start_at" }),
    );
  });

  it("a number just before 1970", () => {
    expect(() => start(-0.001)).toThrow("start_at must be from 0 to 253402300799999, got -1");
  });

  it("a string in a year before 1970", () => {
    expect(() => start("1969-12-31T23:59:59.999Z")).toThrow(
      "start_at must be from 0 to 253402300799999, got -1",
    );
  });
});
