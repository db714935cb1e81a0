/** What upsets a machine's clocks, and what becomes of the clock then. */
import { describe, expect, it } from "vitest";

import { randomFrom } from "../../virtual/random.js";
import { Asking, mostInAMinute } from "./asking.js";

const HOUR_MS = 3_600_000;

describe("a machine that sleeps", () => {
  it("has the clock not synced at once, and synced and right again within two seconds", async () => {
    const asking = new Asking();
    await asking.world.pass(60_000);
    await asking.world.sleep(HOUR_MS);
    expect(asking.clock.synced).toBe(false);
    const readings = await asking.passReading(2_000);
    expect(readings.at(-1)?.synced).toBe(true);
    expect(Math.abs(asking.aheadMs)).toBeLessThan(1);
    asking.clock.close();
  });

  it("is never said to be synced while the clock shows the time before the sleep", async () => {
    const asking = new Asking();
    await asking.world.pass(60_000);
    await asking.world.sleep(HOUR_MS);
    for (let passed = 0; passed < 2_000; passed += 5) {
      await asking.world.pass(5);
      const { synced, now } = asking.clock.read();
      expect(synced && Math.abs(now - asking.world.server.now) > 100).toBe(false);
    }
    asking.clock.close();
  });

  it("during a question makes its answer worthless, wherever in the burst that is", async () => {
    for (let afterMs = 0; afterMs < 115; afterMs += 5) {
      const asking = new Asking();
      await asking.world.pass(afterMs);
      expect(asking.world.leftovers.questions).toBe(1);
      await asking.world.sleep(30_000);
      for (let passed = 0; passed < 2_000; passed += 5) {
        await asking.world.pass(5);
        expect(!asking.clock.isReady || asking.isWithin).toBe(true);
      }
      expect(asking.clock.synced).toBe(true);
      expect(asking.clock.errorMs).toBeLessThan(30);
      asking.clock.close();
    }
  });

  it("at the end of a later burst is noticed without anybody reading", async () => {
    const probe = new Asking();
    await probe.world.pass(10_000);
    const second = probe.told[1]?.atMs ?? 0;
    probe.clock.close();
    for (let beforeMs = 1; beforeMs < 40; beforeMs += 3) {
      const asking = new Asking();
      await asking.world.pass(second - beforeMs);
      expect(asking.world.leftovers.questions).toBe(1);
      await asking.world.sleep(30_000);
      await asking.world.pass(2_000);
      expect(Math.abs(asking.aheadMs)).toBeLessThan(5);
      expect(asking.clock.synced).toBe(true);
      asking.clock.close();
    }
  });

  it("as often as it likes does not have more asked than a minute allows", async () => {
    const asking = new Asking();
    await asking.world.pass(60_000);
    for (let count = 0; count < 200; count += 1) {
      await asking.world.sleep(600);
      await asking.passReading(160);
    }
    expect(mostInAMinute(asking.askedAt.slice(16))).toBeLessThanOrEqual(8);
    asking.clock.close();
  });
});

describe("a wall clock", () => {
  it("that is set has the clock not synced at once, and synced again within two seconds", async () => {
    const asking = new Asking();
    await asking.world.pass(60_000);
    asking.world.machine.setWall(-HOUR_MS);
    expect(asking.clock.synced).toBe(false);
    const readings = await asking.passReading(2_000);
    expect(readings.at(-1)?.synced).toBe(true);
    asking.clock.close();
  });

  it.each([
    ["jumps to and fro", (count: number) => (count % 2 === 0 ? HOUR_MS : -HOUR_MS)],
    ["runs away", () => 10_000],
    ["runs back", () => -10_000],
  ])("that %s does not have more asked than a minute allows", async (_how, byMs) => {
    const asking = new Asking();
    await asking.world.pass(60_000);
    for (let count = 0; count < 2_000; count += 1) {
      asking.world.machine.setWall(byMs(count));
      await asking.passReading(64);
    }
    expect(mostInAMinute(asking.askedAt.slice(16))).toBeLessThanOrEqual(8);
    expect(asking.isWithin).toBe(true);
    asking.clock.close();
  });
});

describe("signs that the page was frozen", () => {
  it("have it ask at once, though its clocks agree", async () => {
    const asking = new Asking();
    await asking.world.pass(60_000);
    while (asking.world.agenda.now - (asking.told.at(-1)?.atMs ?? 0) < 10_000) {
      await asking.world.pass(100);
    }
    const before = asking.askedAt.length;
    asking.world.wake("woken");
    expect(asking.clock.synced).toBe(false);
    await asking.world.pass(500);
    expect(asking.askedAt.length).toBeGreaterThan(before);
    expect(asking.clock.synced).toBe(true);
    asking.clock.close();
  });

  it("do not have more asked than a minute allows", async () => {
    const asking = new Asking();
    await asking.world.pass(60_000);
    for (let count = 0; count < 1_000; count += 1) {
      asking.world.wake("woken");
      await asking.passReading(160);
    }
    expect(mostInAMinute(asking.askedAt.slice(16))).toBeLessThanOrEqual(8);
    asking.clock.close();
  });
});

/** Something may happen to the machine or to the network. */
async function happen({ world }: Asking, random: () => number): Promise<void> {
  const [kind, ms] = [random(), 600 + random() * 1e5];
  if (kind < 0.1) {
    await world.sleep(ms);
  } else if (kind < 0.2) {
    world.machine.setWall(ms);
  }
  world.server.reach = random() < 0.2 ? "unreachable" : "answers";
}

it("a clock never goes backward and never breaks its bound, on a machine to which everything happens", async () => {
  const random = randomFrom("5");
  for (let round = 0; round < 8; round += 1) {
    const asking = new Asking({
      ppm: (random() - 0.5) * 1_000,
      resolutionMs: [0, 0.1, 1, 100][round % 4] ?? 0,
    });
    await asking.world.pass(1_000);
    for (let [count, last] = [0, 0]; count < 100; count += 1) {
      await happen(asking, random);
      for (const { now } of await asking.passReading(random() * 10_000, 250)) {
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
      expect(asking.isWithin).toBe(true);
    }
    asking.clock.close();
  }
});
