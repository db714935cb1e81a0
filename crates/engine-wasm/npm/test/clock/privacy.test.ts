/** Clocks that browsers or extensions distort, so that pages cannot recognise their visitors. */
import { describe, expect, it } from "vitest";

import { askOver } from "../../src/clock/ask.js";
import { Clock } from "../../src/clock/clock.js";
import type { TimeSource } from "../../src/clock/inputs.js";
import { randomFrom } from "../../src/testing/virtual/random.js";
import { ADDRESS, HttpWorld } from "../world/http-world.js";

const TIME = `${ADDRESS}/v1/time`;
const HOUR_MS = 3_600_000;

/** A world, and a clock in it whose machine shows distorted times. */
function distorted(distort: (time: TimeSource) => Partial<TimeSource>) {
  const world = new HttpWorld();
  const time: TimeSource = {
    monotonicMs: () => world.machine.monotonicMs(),
    wallMs: () => world.machine.wallMs(),
    ...distort(world.machine),
  };
  return { world, platform: { ...world.platform, time } };
}

function open({ platform }: ReturnType<typeof distorted>): Clock {
  return new Clock({ ...platform, ask: askOver(platform, TIME) });
}

/** Lets time pass. Returns the largest bound, and by how much the error exceeded its bound at most. */
async function watch(
  world: HttpWorld,
  clock: Clock,
  ms: number,
): Promise<{ largest: number; excess: number }> {
  let [largest, excess] = [0, Number.NEGATIVE_INFINITY];
  for (let passed = 0; passed < ms; passed += 37) {
    await world.pass(37);
    const { now, errorMs } = clock.read();
    largest = Math.max(largest, errorMs);
    excess = Math.max(excess, Math.abs(now - world.server.now) - errorMs);
  }
  return { largest, excess };
}

describe("a wall clock with noise", () => {
  it.each([30, 60, 100, 400])(
    "of ± %i ms lets the clock become ready, and its bound holds",
    async (noiseMs) => {
      const random = randomFrom(String(noiseMs));
      const setup = distorted((machine) => ({
        wallMs: () => machine.wallMs() + Math.round(noiseMs * (2 * random() - 1)),
      }));
      const clock = open(setup);
      await setup.world.pass(2_000);
      expect(clock.isReady).toBe(true);
      await setup.world.pass(20_000);
      expect(clock.synced).toBe(true);
      const { largest, excess } = await watch(setup.world, clock, 60_000);
      expect(excess).toBeLessThanOrEqual(0.001);
      // A sleep as short as the noise would go unnoticed.
      expect(largest).toBeLessThan(50 + 6 * noiseMs);
      clock.close();
    },
  );

  it("is something else than a clock that is set to and fro", async () => {
    let aheadMs = 0;
    const setup = distorted((machine) => ({ wallMs: () => machine.wallMs() + aheadMs }));
    const clock = open(setup);
    await setup.world.pass(20_000);
    for (let time = 0; time < 8; time += 1) {
      aheadMs = 12 * HOUR_MS - aheadMs;
      await setup.world.pass(400);
    }
    await setup.world.pass(20_000);
    const { largest, excess } = await watch(setup.world, clock, 10_000);
    expect(excess).toBeLessThanOrEqual(0.001);
    expect(largest).toBeLessThan(200);
    clock.close();
  });

  it("still shows a sleep", async () => {
    const random = randomFrom("sleep");
    const setup = distorted((machine) => ({
      wallMs: () => machine.wallMs() + Math.round(160 * random() - 80),
    }));
    const clock = open(setup);
    await setup.world.pass(60_000);
    await setup.world.sleep(HOUR_MS);
    expect(clock.synced).toBe(false);
    const { excess } = await watch(setup.world, clock, 5_000);
    expect(excess).toBeLessThanOrEqual(0.001);
    expect(clock.synced).toBe(true);
    clock.close();
  });
});

describe("a monotonic clock that is rounded", () => {
  it.each([100, 200, 250, 500, 1_000])("to %i ms keeps its bound", async (stepMs) => {
    const setup = distorted((machine) => ({
      monotonicMs: () => Math.floor(machine.monotonicMs() / stepMs) * stepMs,
    }));
    const clock = open(setup);
    await setup.world.pass(5_000);
    const { excess } = await watch(setup.world, clock, 120_000);
    expect(excess).toBeLessThanOrEqual(0.001);
    clock.close();
  });

  it.each([100, 16.667])("to %d ms keeps its bound beside exact stamps of requests", async (stepMs) => {
    const setup = distorted((machine) => ({
      monotonicMs: () => Math.floor(machine.monotonicMs() / stepMs) * stepMs,
    }));
    const { machine } = setup.world;
    const watchResourceTiming = () => {
      const askedMs = machine.monotonicMs();
      return {
        stamps: () => Promise.resolve({ askedMs, answeredMs: machine.monotonicMs() }),
        end: () => undefined,
      };
    };
    const clock = open({ ...setup, platform: { ...setup.platform, watchResourceTiming } });
    await setup.world.pass(5_000);
    const { excess } = await watch(setup.world, clock, 60_000);
    expect(excess).toBeLessThanOrEqual(0.001);
    clock.close();
  });
});
