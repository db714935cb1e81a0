import { describe, expect, it } from "vitest";

import { Agenda } from "../../src/testing/virtual/agenda.js";
import { Machine, type MachineTraits, PERFECT_MACHINE } from "../../src/testing/virtual/machine.js";
import { Oscillator } from "../../src/testing/virtual/oscillator.js";
import { Page, USUAL_PAGE } from "../../src/testing/virtual/page.js";
import { Rng, unitOf } from "../../src/testing/virtual/random.js";
import { rounded } from "../../src/testing/virtual/rounding.js";

const EPOCH_MS = 1_790_000_000_000;
const TRAITS: MachineTraits = { ...PERFECT_MACHINE, wallErrorMs: 5_000 };

/** Lets time pass. */
function pass(agenda: Agenda, ms: number): void {
  const end = agenda.now + ms;
  agenda.at(end, () => undefined);
  while (agenda.doNext(end + 1e-9)) {
    // Runs all events.
  }
}

describe("random numbers", () => {
  const many = <Value>(draw: () => Value): Value[] => Array.from({ length: 50_000 }, draw);
  const mean = (numbers: number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

  it("are the same for the same seed, and different for another", () => {
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

  it("have the right means and spreads", () => {
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
  it("runs events in order, those of one instant as planned, and no cancelled ones", () => {
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
      // Runs all events before 3.
    }
    expect(done).toEqual(["a 1", "b 2", "c 2"]);
  });
});

describe("an oscillator", () => {
  it("counts at the rate of its drift", () => {
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
    "to %s ms is down, or up half of the time if fuzzed, and never backward",
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
  ])(
    "that sleeps (stops %s, steered %s) has a wall clock that keeps running",
    (stopsInSleep, wallIsSteered) => {
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
    },
  );

  it("can wake up with a wall clock that is off by up to a second", () => {
    const { agenda, machine } = started({ sleepsInSeconds: true });
    pass(agenda, 900);
    machine.sleep(10_200);
    pass(agenda, 10_200);
    expect(machine.wallMs()).toBe(EPOCH_MS + 5_900 + 11_000);
  });

  it("has a wall clock that can be set", () => {
    const { machine } = started({});
    machine.setWall(-HOUR_MS);
    expect(machine.wallMs()).toBe(EPOCH_MS + 5_000 - HOUR_MS);
  });

  it("runs what was due during its sleep when it wakes up", () => {
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

  it("are never early by the monotonic clock, and do not run during sleep", () => {
    const { agenda, machine, page } = started();
    let ranAt = 0;
    page.set(() => (ranAt = agenda.now), 10_000);
    agenda.at(5_000, () => machine.sleep(60_000));
    pass(agenda, 100_000);
    expect(ranAt).toBeGreaterThanOrEqual(70_000);
    expect(ranAt).toBeLessThan(70_020);
  });

  it("can be cancelled, and are counted", () => {
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
