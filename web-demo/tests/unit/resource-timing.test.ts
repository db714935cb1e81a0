import { afterEach, expect, test, vi } from "vitest";

import { networkTimes } from "../../src/resource-timing.js";

const ADDRESS = "http://localhost/v1/time";
const MEASURED = { askedMs: 100, answeredMs: 110 };

afterEach(() => vi.restoreAllMocks());

function recorded(...entries: Partial<PerformanceResourceTiming>[]): void {
  vi.spyOn(performance, "getEntriesByName").mockReturnValue(entries as PerformanceResourceTiming[]);
}

test("the browser's record is preferred to the times that the page measured", () => {
  recorded({ requestStart: 103, responseStart: 106 });
  expect(networkTimes(ADDRESS, MEASURED)).toEqual({ askedMs: 103, answeredMs: 106 });
});

test.each([
  ["there is no record", []],
  ["the record is hidden", [{ requestStart: 0, responseStart: 0 }]],
  ["the record is of an earlier exchange", [{ requestStart: 40, responseStart: 43 }]],
  ["the record is of no real exchange", [{ requestStart: 106, responseStart: 106 }]],
])("the measured times count if %s", (_, entries) => {
  recorded(...entries);
  expect(networkTimes(ADDRESS, MEASURED)).toEqual(MEASURED);
});
