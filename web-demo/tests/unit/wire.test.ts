import { afterEach, expect, test, vi } from "vitest";

import { onTheWire } from "../../src/wire.js";

const ADDRESS = "http://localhost/v1/time";
const MEASURED = { askedMs: 100, answeredMs: 110 };

afterEach(() => vi.restoreAllMocks());

function recorded(...entries: Partial<PerformanceResourceTiming>[]): void {
  vi.spyOn(performance, "getEntriesByName").mockReturnValue(entries as PerformanceResourceTiming[]);
}

test("the browser's record is closer to the wire than what the page measures", () => {
  recorded({ requestStart: 103, responseStart: 106 });
  expect(onTheWire(ADDRESS, MEASURED)).toEqual({ askedMs: 103, answeredMs: 106 });
});

test.each([
  ["there is none", []],
  ["it is hidden", [{ requestStart: 0, responseStart: 0 }]],
  ["it is of an earlier exchange", [{ requestStart: 40, responseStart: 43 }]],
  ["it is of no exchange", [{ requestStart: 106, responseStart: 106 }]],
])("what the page measured counts if %s", (_, entries) => {
  recorded(...entries);
  expect(onTheWire(ADDRESS, MEASURED)).toEqual(MEASURED);
});
