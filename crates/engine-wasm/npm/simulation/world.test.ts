import { describe, expect, it } from "vitest";

import { Agenda } from "../virtual/agenda.js";
import { Machine, type MachineTraits } from "../virtual/machine.js";
import { Oscillator } from "../virtual/oscillator.js";
import { Page, USUAL_PAGE } from "../virtual/page.js";
import { Rng, unitOf } from "../virtual/random.js";
import { rounded } from "../virtual/rounding.js";
import { Single, Timesync } from "./baselines.js";
import { Series } from "./measures.js";
import { Network } from "./network.js";
import { mobile, wifi } from "./paths.js";

const EPOCH_MS = 1_790_000_000_000;
const TRAITS: MachineTraits = {
  drift: { ppm: 0, wanderPpm: 0, changesEveryMs: 0 },
  rounding: { resolutionMs: 0, fuzzed: false },
  stopsInSleep: true,
  wallIsSteered: false,
  wallErrorMs: 5_000,
  sleepPpm: 0,
  sleepsInSeconds: false,
};

/** Lets time pass. */
function pass(agenda: Agenda, ms: number): void {
  const end = agenda.now + ms;
  agenda.at(end, () => undefined);
  while (agenda.doNext(end + 1e-9)) {
    // Whatever comes.
  }
}

describe("random numbers", () => {
  const many = <Value>(draw: () => Value): Value[] => Array.from({ length: 50_000 }, draw);
  const mean = (numbers: number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

  it("are the same for the same seed, and others for another", () => {
    const of = (seed: string): number[] =>
      Array.from(
        { length: 9 },
        (
          (rng) => () =>
            rng.unit()
        )(new Rng(seed)),
      );
    expect(of("a")).toEqual(of("a"));
    expect(of("a")).not.toEqual(of("b"));
  });

  it("have the means and spreads that they should have", () => {
    const rng = new Rng("spread");
    expect(mean(many(() => rng.unit()))).toBeCloseTo(0.5, 2);
    expect(mean(many(() => rng.exponential(3)))).toBeCloseTo(3, 1);
    const normal = many(() => rng.normal());
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(mean(normal.map((number) => number ** 2))).toBeCloseTo(1, 1);
    expect(mean(many(() => Number(rng.chance(0.1))))).toBeCloseTo(0.1, 2);
    expect(mean(Array.from({ length: 50_000 }, (_, index) => unitOf(12_345, index)))).toBeCloseTo(0.5, 2);
  });
});

describe("the agenda", () => {
  it("does things in order, those of one instant as they were planned, and not what was taken back", () => {
    const agenda = new Agenda();
    const done: string[] = [];
    const plan = (at: number, name: string): (() => void) =>
      agenda.at(at, () => void done.push(`${name} ${agenda.now}`));
    plan(3, "d");
    plan(1, "a");
    plan(2, "b");
    plan(2, "c");
    plan(2, "never")();
    while (agenda.doNext(3)) {
      // All before 3.
    }
    expect(done).toEqual(["a 1", "b 2", "c 2"]);
  });
});

describe("an oscillator", () => {
  it("counts by its drift", () => {
    const slow = new Oscillator({ ppm: 500, wanderPpm: 0, changesEveryMs: 0 }, 100, new Rng("slow"));
    expect(slow.readAt(1_000_500)).toBeCloseTo(1_000_100, 6);
  });

  it("never drifts by more than 500 ppm, however it wanders and changes", () => {
    const wild = new Oscillator({ ppm: 499, wanderPpm: 50, changesEveryMs: 60_000 }, 0, new Rng("wild"));
    let last = 0;
    for (let time = 777; time < 7_000_000; time += 777) {
      const now = wild.readAt(time);
      expect(Math.abs(777 / (now - last) - 1)).toBeLessThanOrEqual(500.000_1e-6);
      last = now;
    }
  });
});

describe("rounding", () => {
  it.each([0.1, 1, 100])(
    "to %s ms is down, or when fuzzed up as often, and never backward",
    (resolutionMs) => {
      let [last, ups] = [0, 0];
      for (let count = 0; count < 10_000; count += 1) {
        const ms = count * resolutionMs * 0.237;
        const plain = rounded(ms, { resolutionMs, fuzzed: false }, 7);
        const fuzzed = rounded(ms, { resolutionMs, fuzzed: true }, 7);
        expect(ms - plain).toBeGreaterThan(-1e-9);
        expect(ms - plain).toBeLessThan(resolutionMs + 1e-9);
        expect(Math.abs(ms - fuzzed)).toBeLessThanOrEqual(resolutionMs + 1e-9);
        expect(fuzzed).toBeGreaterThanOrEqual(last);
        last = fuzzed;
        ups += fuzzed > plain ? 1 : 0;
      }
      expect(ups / 10_000).toBeCloseTo(0.5, 1);
    },
  );
});

describe("a machine", () => {
  const started = (special: Partial<MachineTraits>): { agenda: Agenda; machine: Machine } => {
    const agenda = new Agenda();
    return { agenda, machine: new Machine(agenda, { ...TRAITS, ...special }, EPOCH_MS, new Rng("machine")) };
  };
  const HOUR_MS = 3_600_000;

  it.each([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ])("that sleeps (stops %s, steered %s) has its wall clock go on", (stopsInSleep, wallIsSteered) => {
    const { agenda, machine } = started({ stopsInSleep, wallIsSteered });
    pass(agenda, 1_000.5);
    const before = machine.monotonicMs();
    expect(machine.wallMs()).toBe(EPOCH_MS + 6_000);
    machine.sleep(HOUR_MS);
    expect(machine.isAsleep).toBe(true);
    pass(agenda, HOUR_MS);
    expect(machine.isAsleep).toBe(false);
    expect(machine.monotonicMs() - before).toBeCloseTo(stopsInSleep ? 0 : HOUR_MS, 6);
    expect(machine.wallMs()).toBe(EPOCH_MS + 6_000 + HOUR_MS);
  });

  it("can wake up with a wall clock that is wrong by up to a second", () => {
    const { agenda, machine } = started({ sleepsInSeconds: true });
    pass(agenda, 900);
    machine.sleep(10_200);
    pass(agenda, 10_200);
    expect(machine.wallMs()).toBe(EPOCH_MS + 5_900 + 11_000);
  });

  it("has a wall clock that somebody sets", () => {
    const { machine } = started({});
    machine.setWall(-HOUR_MS);
    expect(machine.wallMs()).toBe(EPOCH_MS + 5_000 - HOUR_MS);
  });

  it("has what was to be done in its sleep done when it wakes", () => {
    const { agenda, machine } = started({});
    let doneAt = 0;
    machine.sleep(5_000);
    agenda.at(1_000, () => machine.whenAwake(() => (doneAt = agenda.now)));
    pass(agenda, 10_000);
    expect(doneAt).toBe(5_000);
  });
});

describe("a page's timers", () => {
  const started = (): { agenda: Agenda; machine: Machine; page: Page } => {
    const agenda = new Agenda();
    const machine = new Machine(agenda, TRAITS, EPOCH_MS, new Rng("machine"));
    return { agenda, machine, page: new Page(agenda, machine, USUAL_PAGE, new Rng("page"), () => undefined) };
  };

  it("are never early, by the monotonic clock, and count no sleep", () => {
    const { agenda, machine, page } = started();
    let ranAt = 0;
    page.set(() => (ranAt = agenda.now), 10_000);
    agenda.at(5_000, () => machine.sleep(60_000));
    pass(agenda, 100_000);
    expect(ranAt).toBeGreaterThanOrEqual(70_000);
    expect(ranAt).toBeLessThan(70_020);
  });

  it("are taken back, and counted", () => {
    const { agenda, page } = started();
    let ran = false;
    const cancel = page.set(() => (ran = true), 10);
    expect(page.pending).toBe(1);
    cancel();
    pass(agenda, 1_000);
    expect([ran, page.pending]).toEqual([false, 0]);
  });

  it("run once a minute in the background", () => {
    const { agenda, page } = started();
    const ranAt: number[] = [];
    page.throttle = "minute";
    page.set(() => void ranAt.push(agenda.now), 10);
    page.set(() => void ranAt.push(agenda.now), 59_000);
    pass(agenda, 1_000_000);
    expect(ranAt).toEqual([60_000, 60_000]);
  });
});

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

describe("what pages do without a clock", () => {
  /** An exchange that takes so long, with the server's time ahead by so much. */
  const exchange = (trip: number, offset: number): Parameters<Timesync["answered"]>[0] => ({
    askedWallMs: 1_000,
    answeredWallMs: 1_000 + trip,
    serverMs: 1_000 + trip / 2 + offset,
  });

  it("timesync takes the mean of those below the median and one standard deviation", () => {
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

  it("timesync keeps what it had when all take equally long", () => {
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
