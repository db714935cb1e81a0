import { beforeAll, describe, expect, it } from "vitest";

import { type Instant, loadEngine, Timeline } from "../src/index.js";

beforeAll(() => loadEngine());

/** The instant that `start_at` is taken for. */
const start = (start_at: Instant) => new Timeline({ seed: "any", start_at, tick_ms: 1 }).timeOf(0);

describe("an instant is taken from", () => {
  it.each<[string, Instant, number]>([
    ["what the server sends", "2026-11-23T12:00:03.000Z", Date.UTC(2026, 10, 23, 12, 0, 3)],
    ["text without a fraction", "2026-11-23T12:00:03Z", Date.UTC(2026, 10, 23, 12, 0, 3)],
    ["text with one digit of a fraction", "1970-01-01T00:00:00.5Z", 500],
    ["text with nine digits that say whole milliseconds", "1970-01-01T00:00:00.123000000Z", 123],
    ["text with an offset east", "1970-01-01T05:30:00+05:30", 0],
    ["text with an offset west", "1969-12-31T16:00:00.001-08:00", 1],
    ["text with an unknown offset", "1970-01-01T00:00:00-00:00", 0],
    ["text in lower case", "1970-01-01t00:00:01z", 1_000],
    ["text with a space", "1970-01-01 00:00:01Z", 1_000],
    ["29 February of a leap year", "2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["the last millisecond there is", "9999-12-31T23:59:59.999Z", 253_402_300_799_999],
    ["a date", new Date(1_234), 1_234],
    ["a number", 1_234, 1_234],
  ])("%s", (_name, instant, milliseconds) => {
    expect(start(instant)).toBe(milliseconds);
  });
});

describe("an instant is refused, with its field and what came, if it is", () => {
  it.each<[string, unknown, string]>([
    ["text of a day only", "2026-11-23", '"2026-11-23"'],
    ["text without an offset", "2026-11-23T12:00:03", '"2026-11-23T12:00:03"'],
    ["text without seconds", "2026-11-23T12:00Z", '"2026-11-23T12:00Z"'],
    ["text of a month that does not exist", "2026-13-01T00:00:00Z", '"2026-13-01T00:00:00Z"'],
    ["text of a day that does not exist", "2026-02-30T00:00:00Z", '"2026-02-30T00:00:00Z"'],
    ["text of hour 24", "2026-11-23T24:00:00Z", '"2026-11-23T24:00:00Z"'],
    ["text of a leap second", "2016-12-31T23:59:60Z", '"2016-12-31T23:59:60Z"'],
    ["text of an offset that does not exist", "2026-11-23T12:00:03+24:00", '"2026-11-23T12:00:03+24:00"'],
    ["text between two milliseconds", "1970-01-01T00:00:00.1234Z", '"1970-01-01T00:00:00.1234Z"'],
    ["text with other text around it", "x 1970-01-01T00:00:00Z", '"x 1970-01-01T00:00:00Z"'],
    ["text with a line break behind it", "1970-01-01T00:00:00Z\n", '"1970-01-01T00:00:00Z\\n"'],
    ["text of RFC 1123", "Mon, 23 Nov 2026 12:00:03 GMT", '"Mon, 23 Nov 2026 12:00:03 GMT"'],
    ["text of a number", "1234", '"1234"'],
    ["no text", "", '""'],
    ["an invalid date", new Date(Number.NaN), "an invalid Date"],
    ["missing", undefined, "undefined"],
    ["null", null, "null"],
    ["an object", {}, "an object"],
    ["a bigint", 5n, "5"],
  ])("%s", (_name, instant, got) => {
    expect(() => start(instant as Instant)).toThrow(
      expect.objectContaining({
        name: "EngineError",
        code: "not_an_instant",
        field: "start_at",
        message:
          "start_at must be whole milliseconds since the Unix epoch, a valid Date or RFC 3339 text of whole " +
          `milliseconds, got ${got}`,
      }),
    );
  });

  it.each([0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY])("the number %d", (instant) => {
    expect(() => start(instant)).toThrow(
      expect.objectContaining({ code: "not_an_integer", field: "start_at" }),
    );
  });

  it("text of a year before 1970", () => {
    expect(() => start("1969-12-31T23:59:59.999Z")).toThrow(
      "start_at must be from 0 to 253402300799999, got -1",
    );
  });
});
