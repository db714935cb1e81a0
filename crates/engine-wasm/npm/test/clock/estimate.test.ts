import { describe, expect, it } from "vitest";

import { randomFrom } from "../../virtual/random.js";
import { Estimating } from "./estimating.js";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

describe("an estimate", () => {
  it("knows nothing before it was set", async () => {
    const clock = new Estimating();
    expect(clock.estimate.read()).toBeUndefined();
    clock.estimate.settle();
    expect(clock.estimate.isReady).toBe(false);
    await clock.exchange();
    expect(clock.estimate.read()).toBeUndefined();
    clock.estimate.settle();
    expect(clock.estimate.isReady).toBe(true);
    expect(clock.read().synced).toBe(true);
  });

  it.each([0, 5 * HOUR_MS, -5 * HOUR_MS])(
    "is right whatever the machine believes: %i ms ahead",
    async (ahead) => {
      const clock = new Estimating({ wallAheadMs: ahead });
      await clock.burst();
      expect(clock.check.aheadMs).toBeCloseTo(0, 1);
      expect(clock.read().errorMs).toBeCloseTo(10, 0);
    },
  );

  it("bounds its error by half the round trip, however the way there and the way back share it", async () => {
    for (const thereMs of [0, 5, 10, 15, 20]) {
      const clock = new Estimating();
      await clock.burst({ thereMs, backMs: 20 - thereMs });
      expect(clock.read().errorMs).toBeCloseTo(10, 0);
      expect(clock.check.aheadMs).toBeCloseTo(thereMs - 10, 0);
      expect(clock.check.isWithin).toBe(true);
    }
  });

  it("bounds it closer by ways that were fast at different times", async () => {
    const clock = new Estimating();
    await clock.exchange({ thereMs: 1, backMs: 90 });
    await clock.exchange({ thereMs: 90, backMs: 1 });
    clock.estimate.settle();
    expect(clock.read().errorMs).toBeLessThan(1.3);
    expect(clock.check.isWithin).toBe(true);
  });

  it("bounds it closer also by an exchange that is no evidence", async () => {
    const clock = new Estimating();
    await clock.exchange({ thereMs: 50, backMs: 50 });
    await clock.exchange({ thereMs: 1, backMs: 1, isEvidence: false });
    clock.estimate.settle();
    expect(clock.read().errorMs).toBeLessThan(1.1);
  });

  it("knows less the longer it has heard nothing: 30 ms in a minute", async () => {
    const clock = new Estimating();
    await clock.burst();
    const { errorMs } = clock.read();
    clock.pass(MINUTE_MS);
    expect(clock.read().errorMs - errorMs).toBeCloseTo(30, 0);
  });

  it.each([100, 1_000 / 60, 1, 0.1])(
    "knows less of a clock that is rounded to %f ms",
    async (resolutionMs) => {
      const clock = new Estimating({ resolutionMs });
      for (let count = 0; count < 20; count += 1) {
        await clock.exchange();
        clock.agenda.spend(7.3);
      }
      clock.estimate.settle();
      const { errorMs } = clock.read();
      expect(errorMs).toBeGreaterThan(10);
      expect(errorMs).toBeLessThan(10.5 + 3 * resolutionMs);
      expect(clock.check.isWithin).toBe(true);
    },
  );

  it("keeps its bound while two clocks drift apart as fast as they may", async () => {
    for (const ppm of [-500, 500]) {
      const clock = new Estimating({ ppm });
      await clock.burst();
      for (let minutes = 0; minutes < 60; minutes += 1) {
        clock.pass(MINUTE_MS);
        expect(clock.check.isWithin).toBe(true);
      }
    }
  });

  it("counts as synced for as long as the server was heard lately", async () => {
    const clock = new Estimating();
    await clock.burst();
    clock.pass(34_000);
    expect(clock.read().synced).toBe(true);
    clock.pass(30_000);
    expect(clock.read().synced).toBe(false);
    await clock.burst();
    expect(clock.read().synced).toBe(true);
  });
});

describe("a sleep", () => {
  it("is noticed at the next look: not synced, and the bound covers that it was one", async () => {
    const clock = new Estimating();
    await clock.burst();
    await clock.sleep(HOUR_MS);
    const { synced, errorMs } = clock.read();
    expect(synced).toBe(false);
    expect(errorMs).toBeGreaterThan(HOUR_MS);
    expect(errorMs).toBeLessThan(HOUR_MS + 10_000);
    expect(clock.check.aheadMs).toBeCloseTo(-HOUR_MS, 0);
    expect(clock.check.isWithin).toBe(true);
  });

  it.each([100, 1_000, MINUTE_MS, 24 * HOUR_MS])("of %i ms is noticed", async (ms) => {
    const clock = new Estimating();
    await clock.burst();
    await clock.sleep(ms);
    expect(clock.read().synced).toBe(false);
    expect(clock.check.isWithin).toBe(true);
  });

  it("may have seemed shorter or longer by two seconds: the clock that runs meanwhile counts seconds", async () => {
    for (const byMs of [-1_900, -1_000, 1_000, 2_000]) {
      const clock = new Estimating();
      await clock.burst();
      await clock.sleep(MINUTE_MS);
      clock.machine.setWall(byMs);
      expect(clock.check.isWithin).toBe(true);
    }
  });

  it("and another after it are covered both", async () => {
    const clock = new Estimating();
    await clock.burst();
    await clock.sleep(HOUR_MS);
    clock.pass(5_000);
    await clock.sleep(HOUR_MS);
    clock.pass(5_000);
    expect(clock.check.isWithin).toBe(true);
    expect(clock.read().errorMs).toBeLessThan(2 * HOUR_MS + 20_000);
  });

  it("is over with the next answer: what is shown steps forward, and is synced only then", async () => {
    const clock = new Estimating();
    await clock.burst();
    await clock.sleep(HOUR_MS);
    clock.read();
    await clock.exchange();
    const between = clock.read();
    expect(between.synced).toBe(Math.abs(clock.check.aheadMs) < 100);
    clock.estimate.settle();
    expect(clock.read().synced).toBe(true);
    expect(clock.check.aheadMs).toBeCloseTo(0, 0);
    expect(clock.read().errorMs).toBeLessThan(11);
  });

  it("during an exchange makes that worthless", async () => {
    const clock = new Estimating();
    await clock.burst();
    const { disruptions } = clock.estimate;
    await clock.exchange({ meanwhile: () => clock.sleep(5_000) });
    expect(clock.estimate.disruptions).toBeGreaterThan(disruptions);
    clock.estimate.settle();
    expect(clock.read().synced).toBe(false);
    expect(clock.check.isWithin).toBe(true);
  });

  it("before anything was heard is nothing", async () => {
    const clock = new Estimating();
    await clock.sleep(HOUR_MS);
    expect(clock.estimate.read()).toBeUndefined();
    await clock.burst();
    expect(clock.check.aheadMs).toBeCloseTo(0, 1);
  });

  it("between hearing and setting leaves nothing to be set by", async () => {
    const clock = new Estimating();
    await clock.exchange();
    await clock.sleep(HOUR_MS);
    clock.estimate.settle();
    expect(clock.estimate.read()).toBeUndefined();
    await clock.burst();
    expect(clock.check.isWithin).toBe(true);
  });
});

describe("a wall clock that is set", () => {
  it.each([HOUR_MS, -HOUR_MS, 300, -300])(
    "by %i ms leaves what is shown alone, and is covered",
    async (ms) => {
      const clock = new Estimating();
      await clock.burst();
      clock.machine.setWall(ms);
      const { synced, errorMs } = clock.read();
      expect(synced).toBe(false);
      expect(errorMs).toBeGreaterThan(Math.max(0, ms));
      expect(errorMs).toBeLessThan(Math.max(0, ms) + 10_000);
      expect(clock.check.aheadMs).toBeCloseTo(0, 0);
      await clock.burst();
      expect(clock.read().synced).toBe(true);
      expect(clock.check.aheadMs).toBeCloseTo(0, 0);
    },
  );

  it("by less than clocks part by themselves is not minded", async () => {
    const clock = new Estimating();
    await clock.burst();
    clock.machine.setWall(10);
    expect(clock.read().synced).toBe(true);
  });

  it("that is slewed by NTP as fast as it may is not minded", async () => {
    const clock = new Estimating();
    await clock.burst();
    for (let seconds = 0; seconds < 30; seconds += 1) {
      clock.agenda.spend(1_000);
      clock.machine.setWall(0.5);
      expect(clock.read().synced).toBe(true);
    }
  });
});

describe("what may have happened without a trace", () => {
  it("has the clock not synced, until the server is heard again", async () => {
    const clock = new Estimating();
    await clock.burst();
    const { errorMs } = clock.read();
    clock.estimate.noteDisruption();
    expect(clock.read()).toMatchObject({ synced: false, errorMs: expect.closeTo(errorMs, 3) });
    await clock.burst();
    expect(clock.read().synced).toBe(true);
  });

  it("may be said as often as one likes", async () => {
    const clock = new Estimating();
    await clock.burst();
    for (let count = 0; count < 10; count += 1) {
      clock.estimate.noteDisruption();
    }
    expect(clock.check.isWithin).toBe(true);
    expect(clock.read().errorMs).toBeLessThan(11);
  });
});

describe("a server whose clock was set", () => {
  it("is believed from then on, and not its past", async () => {
    const clock = new Estimating();
    await clock.burst();
    clock.pass(5_000);
    await clock.burst({ aheadMs: 5_000 });
    expect(clock.read().now - clock.world.now - 5_000).toBeCloseTo(0, 0);
    expect(clock.read().errorMs).toBeLessThan(11);
  });
});

describe("two servers", () => {
  /** Both are heard by turns; one is ahead by 40 ms. */
  async function hearBoth(clock: Estimating): Promise<void> {
    for (let count = 0; count < 3; count += 1) {
      await clock.exchange({ server: "one" });
      await clock.exchange({ server: "other", aheadMs: 40 });
    }
    clock.estimate.settle();
  }

  it("whose clocks differ are met in the middle, and the bound covers both", async () => {
    const clock = new Estimating();
    await hearBoth(clock);
    expect(clock.check.aheadMs).toBeCloseTo(20, 0);
    expect(clock.read().errorMs).toBeCloseTo(30, 0);
  });

  it("of which one is not heard any more, are one again after a minute", async () => {
    const clock = new Estimating();
    await hearBoth(clock);
    for (let seconds = 0; seconds < 80; seconds += 10) {
      clock.pass(10_000);
      await clock.burst({ server: "one" }, 2);
    }
    expect(clock.read().errorMs).toBeLessThan(12 + Math.abs(clock.check.aheadMs));
    clock.pass(10_000);
    expect(clock.check.aheadMs).toBeCloseTo(0, 0);
  });

  it("that take over from each other step what is shown forward, or halt it", async () => {
    const clock = new Estimating();
    await clock.burst({ server: "one" });
    clock.pass(5_000);
    const before = clock.read().now;
    for (let seconds = 0; seconds < 100; seconds += 10) {
      clock.pass(10_000);
      await clock.burst({ server: "restarted", aheadMs: -2_000 }, 2);
      expect(clock.read().now).toBeGreaterThanOrEqual(before);
    }
    expect(clock.check.aheadMs).toBeCloseTo(-2_000, 0);
  });
});

/** Something happens to a machine, of which an estimate has to notice. */
async function happen(clock: Estimating, random: () => number): Promise<void> {
  const kind = random();
  const ms = 500 + random() * 1e6;
  if (kind < 0.4) {
    await clock.sleep(ms);
  } else if (kind < 0.8) {
    clock.machine.setWall(random() < 0.5 ? -ms : ms);
  } else {
    clock.estimate.noteDisruption();
  }
}

it("an estimate keeps its bound, and never goes backward, whatever happens to the machine", async () => {
  const random = randomFrom("1");
  const delays = () => ({ thereMs: 1 + random() * 100, backMs: 1 + random() * 100 });
  for (let round = 0; round < 60; round += 1) {
    const resolutionMs = [0, 0.1, 1, 100][round % 4] ?? 0;
    const ppm = (random() - 0.5) * 1_000;
    const clock = new Estimating({ ppm, resolutionMs, wallAheadMs: (random() - 0.5) * 1e7 });
    await clock.burst(delays());
    for (let [count, last] = [0, clock.read().now]; count < 60; count += 1) {
      await (random() < 0.3 ? happen(clock, random) : clock.burst(delays(), 1 + Math.floor(random() * 3)));
      clock.pass(random() * 20_000);
      expect(clock.check.isWithin).toBe(true);
      const { now } = clock.read();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  }
});
