import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { NOTHING_LEFT } from "../world/http-world.js";
import { Asking, mostInAMinute } from "./asking.js";

const HOUR_MS = 3_600_000;

describe("a clock", () => {
  it("asks at once, some times in a row, and is then set", async () => {
    const asking = new Asking();
    expect(asking.clock.isReady).toBe(false);
    expect(() => asking.clock.now).toThrow("before it was ready");
    await asking.world.pass(1_000);
    expect(asking.clock.isReady).toBe(true);
    expect(asking.bursts).toHaveLength(1);
    expect(asking.bursts[0]).toBeGreaterThan(3);
    expect(asking.events).toEqual(["sync"]);
    expect(asking.aheadMs).toBeCloseTo(0, 1);
    asking.clock.close();
  });

  it("says the same in parts as at once", async () => {
    const asking = new Asking();
    await asking.world.pass(1_000);
    const { clock } = asking;
    expect(clock.read()).toEqual({ now: clock.now, errorMs: clock.errorMs, synced: clock.synced });
    clock.close();
  });

  it("asks again and again, sixteen times at the start and at most eight times a minute", async () => {
    const asking = new Asking();
    await asking.world.pass(600_000);
    const { askedAt, bursts } = asking;
    expect(mostInAMinute(askedAt.slice(16))).toBeLessThanOrEqual(8);
    expect(askedAt.filter((at) => at < 60_000).length).toBeGreaterThanOrEqual(16);
    expect(askedAt.filter((at) => at < 60_000).length).toBeLessThanOrEqual(24);
    // Heard lately is heard in time.
    expect(bursts.length).toBeGreaterThan(600_000 / 40_000);
    expect(new Set(asking.events)).toEqual(new Set(["sync"]));
    asking.clock.close();
  });

  it("stays synced while the server answers", async () => {
    const asking = new Asking({ ppm: 80 });
    await asking.world.pass(1_000);
    const readings = await asking.passReading(300_000, 500);
    expect(readings.every(({ synced }) => synced)).toBe(true);
    expect(Math.abs(asking.aheadMs)).toBeLessThan(1);
    asking.clock.close();
  });

  it("varies its pauses, so that clients that started together do not ask together", async () => {
    const second = async (random: number): Promise<number> => {
      const asking = new Asking({}, { random: () => random });
      await asking.world.pass(5_000);
      asking.clock.close();
      return asking.askedAt.find((at) => at > 1_000) ?? 0;
    };
    const [early, late] = [await second(0), await second(0.999)];
    expect(late - early).toBeGreaterThan(100);
  });

  it("ends a burst over a slow path once it has brought enough", async () => {
    const asking = new Asking();
    Object.assign(asking.world.server, { thereMs: 400, backMs: 400 });
    await asking.world.pass(3_300);
    expect(asking.events).toEqual(["sync"]);
    expect(asking.askedAt).toHaveLength(3);
    asking.clock.close();
  });
});

describe("a question that is not answered", () => {
  it("is told, with why, and asked again after a pause that grows up to a quarter of a minute", async () => {
    const asking = new Asking();
    asking.world.server.reach = "unreachable";
    await asking.world.pass(120_000);
    const { askedAt, told } = asking;
    const pauses = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0) - 10);
    expect(pauses.slice(0, 7)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    expect(told.every(({ event }) => event === "silence")).toBe(true);
    expect(told[0]?.what).toMatchObject({ code: "unreachable" });
    asking.clock.close();
  });

  it("is not waited for longer than five seconds", async () => {
    const asking = new Asking();
    asking.world.server.reach = "silent";
    await asking.world.pass(4_999);
    expect(asking.events).toEqual([]);
    await asking.world.pass(1);
    expect(asking.events).toEqual(["silence"]);
    expect(asking.told[0]?.what).toMatchObject({ code: "timeout" });
    expect(asking.world.leftovers.questions).toBe(0);
    asking.clock.close();
  });

  it("does not spoil those before it in its burst", async () => {
    const asking = new Asking();
    asking.world.agenda.in(50, () => {
      asking.world.server.reach = "unreachable";
    });
    await asking.world.pass(200);
    expect(asking.events).toEqual(["sync"]);
    asking.clock.close();
  });

  it("is forgiven at the next that is", async () => {
    const asking = new Asking();
    asking.world.server.reach = "unreachable";
    await asking.world.pass(20_000);
    asking.world.server.reach = "answers";
    await asking.world.pass(16_000);
    expect(asking.clock.synced).toBe(true);
    asking.world.server.reach = "unreachable";
    const before = asking.askedAt.length;
    await asking.world.pass(40_000);
    const [first, second] = asking.askedAt.slice(before).filter((_, index, all) => (all[index - 1] ?? 0) > 0);
    expect((second ?? 0) - (first ?? 0)).toBeLessThan(3_000);
    asking.clock.close();
  });

  it("is asked at once when the network is back", async () => {
    const asking = new Asking();
    await asking.world.pass(1_000);
    asking.world.server.reach = "unreachable";
    await asking.world.pass(120_000);
    expect(asking.clock.synced).toBe(false);
    asking.world.server.reach = "answers";
    asking.world.wake("back");
    await asking.world.pass(200);
    expect(asking.clock.synced).toBe(true);
    asking.clock.close();
  });

  it("is not asked more often because the page is shown again", async () => {
    const asking = new Asking();
    await asking.world.pass(10_000);
    const before = asking.askedAt.length;
    for (let count = 0; count < 10; count += 1) {
      asking.world.wake("back");
      await asking.world.pass(10);
    }
    expect(asking.askedAt).toHaveLength(before);
    asking.clock.close();
  });
});

describe("a clock that is not synced", () => {
  it("asks at once when somebody reads it, and then no more often than without", async () => {
    const asking = new Asking();
    await asking.world.pass(60_000);
    asking.world.server.reach = "silent";
    await asking.world.pass(60_000);
    const before = asking.askedAt.length;
    await asking.passReading(20_000);
    expect(asking.askedAt.length - before).toBeLessThan(6);
    expect(mostInAMinute(asking.askedAt.slice(16))).toBeLessThanOrEqual(8);
    asking.clock.close();
  });

  it("notices a sleep when it is read, and asks at once", async () => {
    const asking = new Asking();
    await asking.world.pass(20_000);
    await asking.world.sleep(HOUR_MS);
    const before = asking.askedAt.length;
    asking.clock.read();
    await asking.world.pass(0);
    expect(asking.askedAt.length).toBe(before + 1);
    asking.clock.close();
  });
});

describe("a clock that is closed", () => {
  it("leaves nothing behind, at whatever moment that is", async () => {
    for (let afterMs = 0; afterMs < 6_000; afterMs += 13) {
      const asking = new Asking();
      asking.world.server.reach = afterMs % 3 === 0 ? "unreachable" : "answers";
      await asking.world.pass(afterMs);
      asking.clock.close();
      const told = asking.told.length;
      await asking.world.pass(0);
      expect(asking.world.leftovers).toEqual(NOTHING_LEFT);
      await asking.world.pass(60_000);
      expect(asking.world.leftovers).toEqual(NOTHING_LEFT);
      expect(asking.told).toHaveLength(told);
    }
  });

  it("still keeps time, and notices a sleep, but asks nobody", async () => {
    const asking = new Asking();
    await asking.world.pass(1_000);
    asking.clock.close();
    const asked = asking.askedAt.length;
    await asking.world.pass(5_000);
    expect(asking.aheadMs).toBeCloseTo(0, 0);
    await asking.world.sleep(HOUR_MS);
    expect(asking.clock.synced).toBe(false);
    await asking.world.pass(60_000);
    expect(asking.askedAt).toHaveLength(asked);
    expect(asking.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("may be closed again", async () => {
    const asking = new Asking();
    asking.clock.close();
    asking.clock.close();
    await asking.world.pass(1_000);
    expect(asking.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("is closed by whoever listens", async () => {
    for (const event of ["sync", "silence"] as const) {
      const asking = new Asking();
      asking.world.server.reach = event === "sync" ? "answers" : "unreachable";
      asking.clock.on(event, () => asking.clock.close());
      await asking.world.pass(60_000);
      expect(asking.events).toEqual([event]);
      expect(asking.world.leftovers).toEqual(NOTHING_LEFT);
    }
  });

  it("is closed by its signal, also by one that was aborted before", async () => {
    const player = new AbortController();
    const asking = new Asking({}, { signal: player.signal });
    await asking.world.pass(100);
    player.abort();
    await asking.world.pass(60_000);
    expect(asking.world.leftovers).toEqual(NOTHING_LEFT);
    const late = new Asking({}, { signal: player.signal });
    await late.world.pass(60_000);
    expect(late.world.leftovers).toEqual(NOTHING_LEFT);
    expect(getEventListeners(player.signal, "abort")).toEqual([]);
  });

  it("is closed by `using`", async () => {
    const asking = new Asking();
    {
      using clock = asking.clock;
      await asking.world.pass(1_000);
      expect(clock.synced).toBe(true);
    }
    await asking.world.pass(60_000);
    expect(asking.world.leftovers).toEqual(NOTHING_LEFT);
  });
});
