import { describe, expect, it } from "vitest";

import { Agenda } from "../src/testing/virtual/agenda.js";
import { Rng } from "../src/testing/virtual/random.js";
import { Single, Timesync } from "./baselines.js";
import { Series } from "./measures.js";
import { Network } from "./network.js";
import { mobile, wifi } from "./paths.js";

/** Lets time pass. */
function pass(agenda: Agenda, ms: number): void {
  const end = agenda.now + ms;
  agenda.at(end, () => undefined);
  while (agenda.doNext(end + 1e-9)) {
    // Runs all events.
  }
}

describe("a network", () => {
  it.each([wifi, mobile])("is never faster than its base, and keeps the order", (path) => {
    const agenda = new Agenda();
    const traits = path(new Rng("path"));
    const network = new Network(agenda, traits, new Rng("network"));
    let last = 0;
    for (let count = 0; count < 5_000; count += 1) {
      const arrival = network.arrivesThere();
      expect(arrival - agenda.now).toBeGreaterThanOrEqual(traits.there.baseMs);
      expect(arrival).toBeGreaterThanOrEqual(last);
      last = arrival;
      pass(agenda, 3);
    }
  });
});

describe("a baseline", () => {
  /** An exchange with a given round trip, and a given offset of the server's time. */
  const exchange = (trip: number, offset: number): Parameters<Timesync["answered"]>[0] => ({
    askedWallMs: 1_000,
    answeredWallMs: 1_000 + trip,
    serverMs: 1_000 + trip / 2 + offset,
  });

  it("timesync averages those below the median plus one standard deviation", () => {
    const timesync = new Timesync();
    expect(timesync.now(0)).toBeUndefined();
    timesync.answered(exchange(10, 100));
    expect(timesync.now(0)).toBe(100);
    for (const [trip, offset] of [
      [11, 101],
      [12, 102],
      [13, 103],
      [90, 900],
    ] as const) {
      timesync.answered(exchange(trip, offset));
    }
    expect(timesync.now(0)).toBe(100);
    // The median is 12, the deviation about 35.
    timesync.settle();
    expect(timesync.now(7)).toBe(101.5 + 7);
  });

  it("timesync keeps its offset if all take equally long", () => {
    const timesync = new Timesync();
    for (const offset of [50, 60, 60, 60, 60]) {
      timesync.answered(exchange(10, offset));
    }
    timesync.settle();
    expect(timesync.now(0)).toBe(50);
  });

  it("a single exchange decides for good", () => {
    const single = new Single();
    single.answered(exchange(30, 5));
    single.answered(exchange(2, 9));
    expect(single.now(1)).toBe(6);
  });
});

describe("a series", () => {
  it("has percentiles", () => {
    const series = new Series();
    expect(series.percentile(50)).toBeUndefined();
    for (let number = 3_000; number > 0; number -= 1) {
      series.add(number);
    }
    expect([50, 99, 100].map((percent) => series.percentile(percent))).toEqual([1_500, 2_970, 3_000]);
  });
});
