import { describe, expect, it } from "vitest";

import { digits, duration, power, ratio } from "./format.js";
import { cached, measurements, streams } from "./memory.js";
import { line } from "./part.js";
import { Cases, parsed } from "./raw.js";
import { medianInterval } from "./statistics.js";
import { farJump, flatness, stepsPlot, stepsTable } from "./steps.js";

const FAR = 2 ** 47;

/** Returns measurements of a flat call, one that grows, and the replay. */
function measured(): Cases {
  const rounds = [1, 1.1, 0.9, 1, 1, 1.05, 0.95];
  const row = (name: string, step: number, time: number): string =>
    [name, step, ...rounds.map((factor) => time * factor)].join("\t");
  return new Cases(
    parsed(
      [
        ...[1e3, 1e6, FAR].map((step) => row("step in another epoch", step, 300)),
        ...[1e3, 1e6, FAR].map((step) => row("grows", step, step === FAR ? 13 : 10)),
        row("replay of all ticks", 1e6, 900_000),
      ].join("\n"),
    ),
  );
}

describe("numbers", () => {
  it("have three digits and a unit", () => {
    expect([0.512, 5.31, 999, 1_234, 2.5e6, 3e9].map(duration)).toEqual([
      "0.512 ns",
      "5.31 ns",
      "999 ns",
      "1.23 µs",
      "2.5 ms",
      "3 s",
    ]);
    expect(digits(123_456)).toBe("123,456");
  });

  it("name steps by their powers", () => {
    expect([1e3, 1e12, FAR, 12_345].map(power)).toEqual(["10³", "10¹²", "2⁴⁷", "12,345"]);
  });

  it("have an interval only if there are enough of them", () => {
    expect(ratio([1, 2, 3])).toBe("2.00");
    expect(ratio([1, 1, 1, 2, 2, 2, 3])).toBe("2.00 (1.00 to 3.00)");
    expect(medianInterval(Array.from({ length: 101 }, (_, index) => index))).toEqual([40, 60]);
  });
});

describe("calls at several steps", () => {
  it("are flat or not", () => {
    expect(flatness("engine", measured()).map(({ holds }) => holds)).toEqual([true, false]);
  });

  it("are so many times faster than a replay", () => {
    expect(line(farJump(measured(), 2_000))).toMatch(/^holds: .*3,000/);
    expect(line(farJump(measured(), 4_000))).toMatch(/^DOES NOT HOLD: /);
  });

  it("have a row each, and a curve each", () => {
    expect(stepsTable(measured())).toMatch(/\| grows +\| +10 ns \| +10 ns \| +13 ns \| 1\.30/);
    expect(stepsPlot("title", measured()).match(/<polyline class="line (one|two|three)"/g)).toHaveLength(5);
  });
});

describe("memory", () => {
  it("of a cached session is the difference to a server without a cache", () => {
    const all = measurements(
      parsed(
        [
          "session read, cache of 64 MB\tRedis\t1\t100\t1000\t1500\t9000",
          "session read, cache of 0 MB\tRedis\t1\t100\t1000\t1200\t9000",
        ].join("\n"),
      ),
    );
    expect(cached(all)).toEqual([{ name: "cached session, Redis", count: 100, sizes: [3] }]);
  });

  it("of a stream is what all of them take, shared evenly", () => {
    const all = measurements(parsed("event streams of one session\tembedded\t1\t100\t1000\t2800\t9000"));
    expect(streams(all)).toEqual([{ name: "idle event stream, one session", count: 100, sizes: [18] }]);
  });
});
