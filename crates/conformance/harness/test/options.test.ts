import { describe, expect, it } from "vitest";

import { type Options, type Pace, read, statesOf, waypoints } from "../src/options.js";

const PACES: readonly Pace[] = ["fast", "steady", "slow", "slowest"];
const statesOfAll = (options: Options) => PACES.map((pace) => statesOf(pace, options).states);

describe("the number of states", () => {
  it("is a million, a tenth of it where that would take long", () => {
    const options = read([]);
    expect(statesOfAll(options)).toEqual([1e6, 1e6, 1e5, 1e5]);
  });

  it("is a billion in the full run where that is quick, a tenth or a hundredth elsewhere", () => {
    const options = read(["--full"]);
    expect(statesOfAll(options)).toEqual([1e9, 1e8, 1e8, 1e7]);
  });

  it("can be said", () => {
    expect(read(["20000", "--jobs", "1", "--only", "s390x"])).toEqual({
      states: 20_000,
      full: false,
      all: false,
      only: "s390x",
      jobs: 1,
    });
  });

  it.each(["many", "0", "-1", "1000.5", "1e6", "999", "--unknown", "--only"])("has to be one: %s", (text) => {
    expect(() => read([text])).toThrow("usage");
  });
});

it("cannot be said twice", () => {
  expect(() => read(["1000", "2000"])).toThrow("usage");
});

describe("digests on the way", () => {
  it("are those of the powers of ten, and the last", () => {
    expect(waypoints(1_000_000)).toEqual([1000, 10_000, 100_000, 1_000_000]);
    expect(waypoints(25_000)).toEqual([1000, 10_000, 25_000]);
    expect(waypoints(10)).toEqual([10]);
  });
});
