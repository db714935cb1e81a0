import { describe, expect, it } from "vitest";

import {
  numbersFor,
  type Options,
  type Pace,
  parseOptions,
  statesFor,
  statesIn,
  waypoints,
} from "../src/options.js";

const PACES: readonly Pace[] = ["fast", "steady", "slow", "slowest"];
const statesOfAll = (options: Options) => PACES.map((pace) => statesFor(pace, options).states);

describe("the number of states", () => {
  it("is a million, or a tenth of that for slow rows", () => {
    const options = parseOptions([]);
    expect(statesOfAll(options)).toEqual([1e6, 1e6, 1e5, 1e5]);
  });

  it("is a billion in the full run, or a tenth or a hundredth of that for slower rows", () => {
    const options = parseOptions(["--full"]);
    expect(statesOfAll(options)).toEqual([1e9, 1e8, 1e8, 1e7]);
  });

  it("can be given", () => {
    expect(parseOptions(["20000", "--jobs", "1", "--only", "s390x"])).toEqual({
      states: 20_000,
      full: false,
      all: false,
      only: "s390x",
      jobs: 1,
    });
  });

  it.each(["many", "0", "-1", "1000.5", "1e6", "999", "--unknown", "--only"])("is rejected: %s", (text) => {
    expect(() => parseOptions([text])).toThrow("usage");
  });
});

it("a second number of states is rejected", () => {
  expect(() => parseOptions(["1000", "2000"])).toThrow("usage");
});

describe("the number of schedules", () => {
  it("is a tenth of the states, with a limit at both ends", () => {
    expect(numbersFor("schedules", [1000, 10_000, 100_000])).toEqual([1000, 10_000]);
    expect(numbersFor("schedules", [1_000_000, 10_000_000, 100_000_000])).toEqual([100_000, 1_000_000]);
    expect(numbersFor("walk", [1000, 10_000_000])).toEqual([1000, 10_000_000]);
    expect(statesIn("schedules", 100)).toBe(1000);
  });
});

describe("waypoints", () => {
  it("are the powers of ten and the last number of states", () => {
    expect(waypoints(1_000_000)).toEqual([1000, 10_000, 100_000, 1_000_000]);
    expect(waypoints(25_000)).toEqual([1000, 10_000, 25_000]);
    expect(waypoints(10)).toEqual([10]);
  });
});
