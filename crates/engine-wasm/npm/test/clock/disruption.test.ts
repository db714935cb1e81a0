/** Disruptions of a machine's clocks, and how the clock reacts. */
import { describe, expect, it } from "vitest";

import { randomFrom } from "../../src/testing/virtual/random.js";
import { ClockHarness, mostInAMinute } from "./clock-harness.js";

const HOUR_MS = 3_600_000;

describe("a sleep of the machine", () => {
  it("makes the clock not synced at once, and synced and right again within two seconds", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    await harness.world.sleep(HOUR_MS);
    expect(harness.clock.synced).toBe(false);
    const readings = await harness.passReading(2_000);
    expect(readings.at(-1)?.synced).toBe(true);
    expect(Math.abs(harness.aheadMs)).toBeLessThan(1);
    harness.clock.close();
  });

  it("never leaves the clock synced while it shows the time before the sleep", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    await harness.world.sleep(HOUR_MS);
    for (let passed = 0; passed < 2_000; passed += 5) {
      await harness.world.pass(5);
      const { synced, now } = harness.clock.read();
      expect(synced && Math.abs(now - harness.world.server.now) > 100).toBe(false);
    }
    harness.clock.close();
  });

  it("during a request makes the response worthless, anywhere in a burst", async () => {
    for (let afterMs = 0; afterMs < 115; afterMs += 5) {
      const harness = new ClockHarness();
      await harness.world.pass(afterMs);
      expect(harness.world.leftovers.requests).toBe(1);
      await harness.world.sleep(30_000);
      for (let passed = 0; passed < 2_000; passed += 5) {
        await harness.world.pass(5);
        expect(!harness.clock.isReady || harness.isWithin).toBe(true);
      }
      expect(harness.clock.synced).toBe(true);
      expect(harness.clock.errorMs).toBeLessThan(30);
      harness.clock.close();
    }
  });

  it("at the end of a later burst is noticed even if nothing reads the clock", async () => {
    const probe = new ClockHarness();
    await probe.world.pass(10_000);
    const second = probe.reported[1]?.atMs ?? 0;
    probe.clock.close();
    for (let beforeMs = 1; beforeMs < 40; beforeMs += 3) {
      const harness = new ClockHarness();
      await harness.world.pass(second - beforeMs);
      expect(harness.world.leftovers.requests).toBe(1);
      await harness.world.sleep(30_000);
      await harness.world.pass(2_000);
      expect(Math.abs(harness.aheadMs)).toBeLessThan(5);
      expect(harness.clock.synced).toBe(true);
      harness.clock.close();
    }
  });

  it("causes no more requests than a minute allows, however often it happens", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    for (let count = 0; count < 200; count += 1) {
      await harness.world.sleep(600);
      await harness.passReading(160);
    }
    expect(mostInAMinute(harness.askedAt.slice(16))).toBeLessThanOrEqual(8);
    harness.clock.close();
  });
});

describe("a wall clock", () => {
  it("that is set makes the clock not synced at once, and synced again within two seconds", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    harness.world.machine.setWall(-HOUR_MS);
    expect(harness.clock.synced).toBe(false);
    const readings = await harness.passReading(2_000);
    expect(readings.at(-1)?.synced).toBe(true);
    harness.clock.close();
  });

  it.each([
    ["jumps to and fro", (count: number) => (count % 2 === 0 ? HOUR_MS : -HOUR_MS)],
    ["runs away", () => 10_000],
    ["runs back", () => -10_000],
  ])("that %s causes no more requests than a minute allows", async (_how, byMs) => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    for (let count = 0; count < 2_000; count += 1) {
      harness.world.machine.setWall(byMs(count));
      await harness.passReading(64);
    }
    expect(mostInAMinute(harness.askedAt.slice(16))).toBeLessThanOrEqual(8);
    expect(harness.isWithin).toBe(true);
    harness.clock.close();
  });
});

describe("wake events", () => {
  it("make the clock ask at once, even if its clocks agree", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    while (harness.world.agenda.now - (harness.reported.at(-1)?.atMs ?? 0) < 10_000) {
      await harness.world.pass(100);
    }
    const before = harness.askedAt.length;
    harness.world.wake("woken");
    expect(harness.clock.synced).toBe(false);
    await harness.world.pass(500);
    expect(harness.askedAt.length).toBeGreaterThan(before);
    expect(harness.clock.synced).toBe(true);
    harness.clock.close();
  });

  it("cause no more requests than a minute allows", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    for (let count = 0; count < 1_000; count += 1) {
      harness.world.wake("woken");
      await harness.passReading(160);
    }
    expect(mostInAMinute(harness.askedAt.slice(16))).toBeLessThanOrEqual(8);
    harness.clock.close();
  });
});

/** Lets something happen to the machine or the network. */
async function happen({ world }: ClockHarness, random: () => number): Promise<void> {
  const [kind, ms] = [random(), 600 + random() * 1e5];
  if (kind < 0.1) {
    await world.sleep(ms);
  } else if (kind < 0.2) {
    world.machine.setWall(ms);
  }
  world.server.reach = random() < 0.2 ? "unreachable" : "answers";
}

it("a clock never goes backward and never breaks its bound, whatever happens to the machine", async () => {
  const random = randomFrom("5");
  for (let round = 0; round < 8; round += 1) {
    const harness = new ClockHarness({
      ppm: (random() - 0.5) * 1_000,
      resolutionMs: [0, 0.1, 1, 100][round % 4] ?? 0,
    });
    await harness.world.pass(1_000);
    for (let [count, last] = [0, 0]; count < 100; count += 1) {
      await happen(harness, random);
      for (const { now } of await harness.passReading(random() * 10_000, 250)) {
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
      expect(harness.isWithin).toBe(true);
    }
    harness.clock.close();
  }
});
