import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import type { FailedAttempt } from "../../src/index.js";
import { errorResponse, NOTHING_LEFT } from "../world/http-world.js";
import { ClockHarness, mostInAMinute } from "./clock-harness.js";

const HOUR_MS = 3_600_000;

describe("a clock", () => {
  it("asks at once, several times in a row, and is then set", async () => {
    const harness = new ClockHarness();
    expect(harness.clock.isReady).toBe(false);
    expect(() => harness.clock.now).toThrow("before it was ready");
    await harness.world.pass(1_000);
    expect(harness.clock.isReady).toBe(true);
    expect(harness.bursts).toHaveLength(1);
    expect(harness.bursts[0]).toBeGreaterThan(3);
    expect(harness.events).toEqual(["sync"]);
    expect(harness.aheadMs).toBeCloseTo(0, 1);
    harness.clock.close();
  });

  it("is ready after its first exchange, with a bound that says how exact it is", async () => {
    const harness = new ClockHarness();
    harness.world.server.backMs = 90;
    await harness.world.pass(101);
    expect(harness.clock.isReady).toBe(true);
    expect(harness.clock.synced).toBe(true);
    expect(harness.isWithin).toBe(true);
    expect(harness.clock.errorMs).toBeCloseTo(50, 0);
    expect(harness.events).toEqual([]);
    harness.clock.close();
  });

  it("corrects its first reading at once, at the end of the first burst", async () => {
    const harness = new ClockHarness();
    harness.world.server.backMs = 90;
    harness.world.agenda.in(95, () => {
      harness.world.server.backMs = 10;
    });
    await harness.world.pass(101);
    expect(Math.abs(harness.aheadMs)).toBeGreaterThan(30);
    const readings = await harness.passReading(1_000, 5);
    expect(Math.abs(harness.aheadMs)).toBeLessThan(1);
    const nows = readings.map(({ now }) => now);
    expect(nows).toEqual([...nows].sort((one, other) => one - other));
    harness.clock.close();
  });

  it("tells when `synced` turns: after the first exchange, and by time alone", async () => {
    const harness = new ClockHarness();
    const told: [boolean, number][] = [];
    harness.clock.on("synced", (synced) => told.push([synced, harness.world.agenda.now]));
    await harness.world.pass(1_000);
    expect(told).toEqual([[true, 20]]);
    await harness.world.pass(60_000);
    const heardAt = harness.askedAt.at(-1) ?? 0;
    harness.world.server.reach = "silent";
    await harness.world.pass(heardAt + 20 + 44_900 - harness.world.agenda.now);
    expect(told).toHaveLength(1);
    await harness.world.pass(300);
    expect(told).toEqual([
      [true, 20],
      [false, expect.closeTo(heardAt + 20 + 45_000, -2)],
    ]);
    harness.clock.close();
  });

  it("tells that it is no longer synced after a sleep, but not while it is being read", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(20_000);
    const told: boolean[] = [];
    harness.clock.on("synced", (synced) => told.push(synced));
    harness.world.server.reach = "silent";
    await harness.world.sleep(HOUR_MS);
    harness.clock.read();
    await harness.world.pass(0);
    expect(told).toEqual([false]);
    harness.clock.close();
  });

  it("reads the same in parts as at once", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(1_000);
    const { clock } = harness;
    expect(clock.read()).toEqual({ now: clock.now, errorMs: clock.errorMs, synced: clock.synced });
    clock.close();
  });

  it("keeps harness, 16 times at the start and at most 8 times per minute", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(600_000);
    const { askedAt, bursts } = harness;
    expect(mostInAMinute(askedAt.slice(16))).toBeLessThanOrEqual(8);
    expect(askedAt.filter((at) => at < 60_000).length).toBeGreaterThanOrEqual(16);
    expect(askedAt.filter((at) => at < 60_000).length).toBeLessThanOrEqual(24);
    // The pauses are short enough to stay synced.
    expect(bursts.length).toBeGreaterThan(600_000 / 40_000);
    expect(new Set(harness.events)).toEqual(new Set(["sync"]));
    harness.clock.close();
  });

  it("stays synced while the server responds", async () => {
    const harness = new ClockHarness({ ppm: 80 });
    await harness.world.pass(1_000);
    const readings = await harness.passReading(300_000, 500);
    expect(readings.every(({ synced }) => synced)).toBe(true);
    expect(Math.abs(harness.aheadMs)).toBeLessThan(1);
    harness.clock.close();
  });

  it("varies its pauses, so that clients that started together do not ask together", async () => {
    const second = async (random: number): Promise<number> => {
      const harness = new ClockHarness({}, { random: () => random });
      await harness.world.pass(5_000);
      harness.clock.close();
      return harness.askedAt.find((at) => at > 1_000) ?? 0;
    };
    const [early, late] = [await second(0), await second(0.999)];
    expect(late - early).toBeGreaterThan(100);
  });

  it("ends a burst over a slow path once it has enough exchanges", async () => {
    const harness = new ClockHarness();
    Object.assign(harness.world.server, { thereMs: 400, backMs: 400 });
    await harness.world.pass(3_300);
    expect(harness.events).toEqual(["sync"]);
    expect(harness.askedAt).toHaveLength(3);
    harness.clock.close();
  });
});

describe("a request without a response", () => {
  it("is reported with the reason and the next attempt, in windows that grow to 15 seconds", async () => {
    const harness = new ClockHarness();
    harness.world.server.reach = "unreachable";
    await harness.world.pass(120_000);
    const { askedAt, reported } = harness;
    const pauses = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0) - 10);
    // Each in the middle of its window.
    expect(pauses.slice(0, 7)).toEqual([150, 450, 900, 1_800, 3_600, 7_200, 12_300]);
    expect(reported.slice(0, 7).map(({ what }) => (what as FailedAttempt).retryInMs)).toEqual(
      pauses.slice(0, 7),
    );
    expect(reported.every(({ event }) => event === "error")).toBe(true);
    expect(reported[0]?.what).toMatchObject({ error: { code: "unreachable" } });
    harness.clock.close();
  });

  it("is repeated no earlier than the server asks, even if the page is shown or the clock is read", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    const problem = await errorResponse("store_unavailable", 503).text();
    harness.world.server.interpose = () =>
      new Response(problem, { status: 503, headers: { "retry-after": "90" } });
    await harness.world.pass(40_000);
    const before = harness.askedAt.length;
    harness.world.wake("back");
    await harness.passReading(40_000, 500);
    expect(harness.clock.synced).toBe(false);
    expect(harness.askedAt).toHaveLength(before);
    expect(harness.reported.at(-1)?.what).toMatchObject({
      error: { retryAfterSeconds: 90 },
      retryInMs: 135_000,
    });
    harness.clock.close();
  });

  it("times out after five seconds", async () => {
    const harness = new ClockHarness();
    harness.world.server.reach = "silent";
    await harness.world.pass(4_999);
    expect(harness.events).toEqual([]);
    await harness.world.pass(1);
    expect(harness.events).toEqual(["error"]);
    expect(harness.reported[0]?.what).toMatchObject({ error: { code: "timeout" } });
    expect(harness.world.leftovers.requests).toBe(0);
    harness.clock.close();
  });

  it("does not spoil earlier ones in its burst", async () => {
    const harness = new ClockHarness();
    harness.world.agenda.in(50, () => {
      harness.world.server.reach = "unreachable";
    });
    await harness.world.pass(200);
    expect(harness.events).toEqual(["sync"]);
    harness.clock.close();
  });

  it("is forgotten after the next response", async () => {
    const harness = new ClockHarness();
    harness.world.server.reach = "unreachable";
    await harness.world.pass(20_000);
    harness.world.server.reach = "answers";
    await harness.world.pass(16_000);
    expect(harness.clock.synced).toBe(true);
    harness.world.server.reach = "unreachable";
    const before = harness.askedAt.length;
    await harness.world.pass(40_000);
    const [first, second] = harness.askedAt
      .slice(before)
      .filter((_, index, all) => (all[index - 1] ?? 0) > 0);
    expect((second ?? 0) - (first ?? 0)).toBeLessThan(3_000);
    harness.clock.close();
  });

  it("is repeated at once when the network is back", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(1_000);
    harness.world.server.reach = "unreachable";
    await harness.world.pass(120_000);
    expect(harness.clock.synced).toBe(false);
    harness.world.server.reach = "answers";
    harness.world.wake("back");
    await harness.world.pass(200);
    expect(harness.clock.synced).toBe(true);
    harness.clock.close();
  });

  it("does not cause more requests when the page is shown again", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(10_000);
    const before = harness.askedAt.length;
    for (let count = 0; count < 10; count += 1) {
      harness.world.wake("back");
      await harness.world.pass(10);
    }
    expect(harness.askedAt).toHaveLength(before);
    harness.clock.close();
  });
});

describe("a clock that is not synced", () => {
  it("asks at once when it is read, and then no more often than otherwise", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(60_000);
    harness.world.server.reach = "silent";
    await harness.world.pass(60_000);
    const before = harness.askedAt.length;
    await harness.passReading(20_000);
    expect(harness.askedAt.length - before).toBeLessThan(6);
    expect(mostInAMinute(harness.askedAt.slice(16))).toBeLessThanOrEqual(8);
    harness.clock.close();
  });

  it("notices a sleep when it is read, and asks at once", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(20_000);
    await harness.world.sleep(HOUR_MS);
    const before = harness.askedAt.length;
    harness.clock.read();
    await harness.world.pass(0);
    expect(harness.askedAt.length).toBe(before + 1);
    harness.clock.close();
  });
});

describe("a closed clock", () => {
  it("tells that it was closed, once", async () => {
    const harness = new ClockHarness();
    const closed = vi.fn();
    harness.clock.on("closed", closed);
    await harness.world.pass(10);
    harness.clock.close();
    harness.clock.close();
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it("tells so once even if a listener closes it again", () => {
    const { clock } = new ClockHarness();
    const closed = vi.fn(() => clock.close());
    clock.on("closed", closed);
    clock.close();
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it("leaves nothing behind, whenever it is closed", async () => {
    for (let afterMs = 0; afterMs < 6_000; afterMs += 13) {
      const harness = new ClockHarness();
      harness.world.server.reach = afterMs % 3 === 0 ? "unreachable" : "answers";
      await harness.world.pass(afterMs);
      harness.clock.close();
      const reported = harness.reported.length;
      await harness.world.pass(0);
      expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
      await harness.world.pass(60_000);
      expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
      expect(harness.reported).toHaveLength(reported);
    }
  });

  it("still keeps time and notices a sleep, but sends no requests", async () => {
    const harness = new ClockHarness();
    await harness.world.pass(1_000);
    harness.clock.close();
    const asked = harness.askedAt.length;
    await harness.world.pass(5_000);
    expect(harness.aheadMs).toBeCloseTo(0, 0);
    await harness.world.sleep(HOUR_MS);
    expect(harness.clock.synced).toBe(false);
    await harness.world.pass(60_000);
    expect(harness.askedAt).toHaveLength(asked);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("can be closed again", async () => {
    const harness = new ClockHarness();
    harness.clock.close();
    harness.clock.close();
    await harness.world.pass(1_000);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("can be closed by a listener", async () => {
    for (const event of ["sync", "error"] as const) {
      const harness = new ClockHarness();
      harness.world.server.reach = event === "sync" ? "answers" : "unreachable";
      harness.clock.on(event, () => harness.clock.close());
      await harness.world.pass(60_000);
      expect(harness.events).toEqual([event]);
      expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
    }
  });

  it("can be closed by its signal, even one that was aborted before", async () => {
    const player = new AbortController();
    const harness = new ClockHarness({}, { signal: player.signal });
    await harness.world.pass(100);
    player.abort();
    await harness.world.pass(60_000);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
    const late = new ClockHarness({}, { signal: player.signal });
    await late.world.pass(60_000);
    expect(late.world.leftovers).toEqual(NOTHING_LEFT);
    expect(getEventListeners(player.signal, "abort")).toEqual([]);
  });

  it("can be closed by `using`", async () => {
    const harness = new ClockHarness();
    {
      using clock = harness.clock;
      await harness.world.pass(1_000);
      expect(clock.synced).toBe(true);
    }
    await harness.world.pass(60_000);
    expect(harness.world.leftovers).toEqual(NOTHING_LEFT);
  });
});
