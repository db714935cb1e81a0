import { describe, expect, it } from "vitest";

import { randomFrom } from "../../src/testing/virtual/random.js";
import { EstimateHarness } from "./estimate-harness.js";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

describe("an estimate", () => {
  it("is undefined before it is set", async () => {
    const clock = new EstimateHarness();
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
    "is right even if the machine's wall clock is %i ms ahead",
    async (ahead) => {
      const clock = new EstimateHarness({ wallAheadMs: ahead });
      await clock.burst();
      expect(clock.check.aheadMs).toBeCloseTo(0, 1);
      expect(clock.read().errorMs).toBeCloseTo(10, 0);
    },
  );

  it("bounds its error by half the round trip, however the two directions share it", async () => {
    for (const thereMs of [0, 5, 10, 15, 20]) {
      const clock = new EstimateHarness();
      await clock.burst({ thereMs, backMs: 20 - thereMs });
      expect(clock.read().errorMs).toBeCloseTo(10, 0);
      expect(clock.check.aheadMs).toBeCloseTo(thereMs - 10, 0);
      expect(clock.check.isWithin).toBe(true);
    }
  });

  it("tightens the bound by directions that were fast at different times", async () => {
    const clock = new EstimateHarness();
    await clock.exchange({ thereMs: 1, backMs: 90 });
    await clock.exchange({ thereMs: 90, backMs: 1 });
    clock.estimate.settle();
    expect(clock.read().errorMs).toBeLessThan(1.3);
    expect(clock.check.isWithin).toBe(true);
  });

  it("tightens the bound by an exchange that is not evidence", async () => {
    const clock = new EstimateHarness();
    await clock.exchange({ thereMs: 50, backMs: 50 });
    await clock.exchange({ thereMs: 1, backMs: 1, isEvidence: false });
    clock.estimate.settle();
    expect(clock.read().errorMs).toBeLessThan(1.1);
  });

  it("widens the bound as it grows old: by 30 ms in a minute", async () => {
    const clock = new EstimateHarness();
    await clock.burst();
    const { errorMs } = clock.read();
    clock.pass(MINUTE_MS);
    expect(clock.read().errorMs - errorMs).toBeCloseTo(30, 0);
  });

  it.each([100, 1_000 / 60, 1, 0.1])(
    "widens the bound for a clock that is rounded to %f ms",
    async (resolutionMs) => {
      const clock = new EstimateHarness({ resolutionMs });
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

  it("keeps its bound while the two clocks drift apart as fast as they may", async () => {
    for (const ppm of [-500, 500]) {
      const clock = new EstimateHarness({ ppm });
      await clock.burst();
      for (let minutes = 0; minutes < 60; minutes += 1) {
        clock.pass(MINUTE_MS);
        expect(clock.check.isWithin).toBe(true);
      }
    }
  });

  it("counts as synced while the last response is recent", async () => {
    const clock = new EstimateHarness();
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
  it("is noticed at the next reading: not synced, and covered by the bound", async () => {
    const clock = new EstimateHarness();
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
    const clock = new EstimateHarness();
    await clock.burst();
    await clock.sleep(ms);
    expect(clock.read().synced).toBe(false);
    expect(clock.check.isWithin).toBe(true);
  });

  it("may seem two seconds shorter or longer, because the clock that runs in sleep counts seconds", async () => {
    for (const byMs of [-1_900, -1_000, 1_000, 2_000]) {
      const clock = new EstimateHarness();
      await clock.burst();
      await clock.sleep(MINUTE_MS);
      clock.machine.setWall(byMs);
      expect(clock.check.isWithin).toBe(true);
    }
  });

  it("and a second one after it are both covered", async () => {
    const clock = new EstimateHarness();
    await clock.burst();
    await clock.sleep(HOUR_MS);
    clock.pass(5_000);
    await clock.sleep(HOUR_MS);
    clock.pass(5_000);
    expect(clock.check.isWithin).toBe(true);
    expect(clock.read().errorMs).toBeLessThan(2 * HOUR_MS + 20_000);
  });

  it("ends with the next response: the displayed time steps forward, and is synced only then", async () => {
    const clock = new EstimateHarness();
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

  it("during an exchange makes that exchange worthless", async () => {
    const clock = new EstimateHarness();
    await clock.burst();
    const { disruptions } = clock.estimate;
    await clock.exchange({ inBetween: () => clock.sleep(5_000) });
    expect(clock.estimate.disruptions).toBeGreaterThan(disruptions);
    clock.estimate.settle();
    expect(clock.read().synced).toBe(false);
    expect(clock.check.isWithin).toBe(true);
  });

  it("before the first response has no effect", async () => {
    const clock = new EstimateHarness();
    await clock.sleep(HOUR_MS);
    expect(clock.estimate.read()).toBeUndefined();
    await clock.burst();
    expect(clock.check.aheadMs).toBeCloseTo(0, 1);
  });

  it("between a response and setting the clock leaves nothing to set it by", async () => {
    const clock = new EstimateHarness();
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
    "by %i ms does not change the displayed time, and is covered by the bound",
    async (ms) => {
      const clock = new EstimateHarness();
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

  it("by less than clocks diverge by themselves has no effect", async () => {
    const clock = new EstimateHarness();
    await clock.burst();
    clock.machine.setWall(10);
    expect(clock.read().synced).toBe(true);
  });

  it("by NTP, slewing as fast as it may, has no effect", async () => {
    const clock = new EstimateHarness();
    await clock.burst();
    for (let seconds = 0; seconds < 30; seconds += 1) {
      clock.agenda.spend(1_000);
      clock.machine.setWall(0.5);
      expect(clock.read().synced).toBe(true);
    }
  });
});

describe("a possible disruption without a trace", () => {
  it("makes the clock not synced until the next response", async () => {
    const clock = new EstimateHarness();
    await clock.burst();
    const { errorMs } = clock.read();
    clock.estimate.noteDisruption();
    expect(clock.read()).toMatchObject({ synced: false, errorMs: expect.closeTo(errorMs, 3) });
    await clock.burst();
    expect(clock.read().synced).toBe(true);
  });

  it("can be reported any number of times", async () => {
    const clock = new EstimateHarness();
    await clock.burst();
    for (let count = 0; count < 10; count += 1) {
      clock.estimate.noteDisruption();
    }
    expect(clock.check.isWithin).toBe(true);
    expect(clock.read().errorMs).toBeLessThan(11);
  });
});

describe("a server whose clock was set", () => {
  it("counts from then on, without its past", async () => {
    const clock = new EstimateHarness();
    await clock.burst();
    clock.pass(5_000);
    await clock.burst({ aheadMs: 5_000 });
    expect(clock.read().now - clock.world.now - 5_000).toBeCloseTo(0, 0);
    expect(clock.read().errorMs).toBeLessThan(11);
  });
});

describe("two servers", () => {
  /** Both respond in turn; one is 40 ms ahead. */
  async function hearBoth(clock: EstimateHarness): Promise<void> {
    for (let count = 0; count < 3; count += 1) {
      await clock.exchange({ server: "one" });
      await clock.exchange({ server: "other", aheadMs: 40 });
    }
    clock.estimate.settle();
  }

  it("with different clocks give the middle, and the bound covers both", async () => {
    const clock = new EstimateHarness();
    await hearBoth(clock);
    expect(clock.check.aheadMs).toBeCloseTo(20, 0);
    expect(clock.read().errorMs).toBeCloseTo(30, 0);
  });

  it("of which one stops responding count as one after a minute", async () => {
    const clock = new EstimateHarness();
    await hearBoth(clock);
    for (let seconds = 0; seconds < 80; seconds += 10) {
      clock.pass(10_000);
      await clock.burst({ server: "one" }, 2);
    }
    expect(clock.read().errorMs).toBeLessThan(12 + Math.abs(clock.check.aheadMs));
    clock.pass(10_000);
    expect(clock.check.aheadMs).toBeCloseTo(0, 0);
  });

  it("that replace each other step the displayed time forward, or halt it", async () => {
    const clock = new EstimateHarness();
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

/** Lets something happen to a machine that an estimate must notice. */
async function happen(clock: EstimateHarness, random: () => number): Promise<void> {
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

it("an estimate keeps its bound and never goes backward, whatever happens to the machine", async () => {
  const random = randomFrom("1");
  const delays = () => ({ thereMs: 1 + random() * 100, backMs: 1 + random() * 100 });
  for (let round = 0; round < 60; round += 1) {
    const resolutionMs = [0, 0.1, 1, 100][round % 4] ?? 0;
    const ppm = (random() - 0.5) * 1_000;
    const clock = new EstimateHarness({ ppm, resolutionMs, wallAheadMs: (random() - 0.5) * 1e7 });
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
