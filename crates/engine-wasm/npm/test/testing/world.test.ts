import { afterEach, describe, expect, it, vi } from "vitest";

import {
  connect,
  createSession,
  pauseSession,
  readSession,
  ServerError,
  stopSession,
} from "../../src/index.js";
import { type VirtualWorld, virtualWorld } from "../../src/testing.js";

const NOW = "2030-01-01T00:00:00Z";
const HOUR_MS = 3_600_000;
const NOTHING = { timers: 0, requests: 0, streams: 0, wakeEvents: 0 };

/** Returns a world with a session that begins now and ticks ten times a second. */
async function begun(): Promise<{ world: VirtualWorld; address: string }> {
  const world = await virtualWorld({ now: NOW });
  return { world, address: world.createSession({ tickMs: 100, startAt: world.now }) };
}

describe("time", () => {
  it("passes only when the test says so, and to the millisecond", async () => {
    const world = await virtualWorld({ now: NOW });
    expect(world.now).toBe(Date.parse(NOW));
    await world.advance(1_234);
    expect(world.now).toBe(Date.parse(NOW) + 1_234);
    await world.advanceTo("2030-01-02T00:00:00Z");
    expect(world.now).toBe(Date.parse("2030-01-02T00:00:00Z"));
  });

  it("never passes backward", async () => {
    const world = await virtualWorld({ now: NOW });
    await world.advanceTo("2029-01-01T00:00:00Z");
    await world.advance(-5);
    expect(world.now).toBe(Date.parse(NOW));
  });

  it("is the session's time, whatever the device's clock says", async () => {
    const world = await virtualWorld({ now: NOW, clockAheadMs: 5 * HOUR_MS });
    const session = await world.connect(world.createSession({ tickMs: 100, startAt: world.now }));
    await world.advance(60_000);
    expect(Math.abs(session.clock.read().now - world.now)).toBeLessThanOrEqual(session.clock.read().errorMs);
    world.moveClock(-HOUR_MS);
    await world.advance(60_000);
    expect(Math.abs(session.clock.read().now - world.now)).toBeLessThanOrEqual(session.clock.read().errorMs);
  });
});

describe("a game that knows nothing of the world", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("runs in its time, with the globals of its page", async () => {
    const { world, address } = await begun();
    for (const [name, value] of Object.entries(world.globals)) {
      vi.stubGlobal(name, value);
    }
    const session = await world.until(connect(address));
    const said: string[] = [];
    const note = (what: string): void => {
      said.push(`${what}: step ${session.state()?.step} at ${Date.now() - Date.parse(NOW)}`);
    };
    const every = setInterval(note, 1_000 - (Date.now() % 1_000), "interval");
    const never = setTimeout(note, 1_500, "timeout");
    setTimeout(() => {
      clearInterval(every);
      clearTimeout(never);
    }, 1_200);
    requestAnimationFrame((now) => {
      expect(now).toBe(performance.now());
      note("frame");
    });
    await world.advance(5_000);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^frame: step 0 at \d\d$/);
    expect(said[1]).toBe("interval: step 10 at 1000");
    expect(new Date().toISOString()).toBe(new Date(world.now).toISOString());
    session.close();
    expect(world.leftovers).toEqual(NOTHING);
  });
});

describe("the network", () => {
  it("is down, and a change is learned once it is back", async () => {
    const { world, address } = await begun();
    const session = await world.connect(address);
    await world.advance(1_000);
    world.network.disconnect();
    expect(world.network.isConnected).toBe(false);
    expect(session.isListening).toBe(false);
    world.server.pauseSession(address);
    await world.advance(10_000);
    expect(session.status).toBe("running");
    world.network.reconnect();
    await world.advance(1_000);
    expect(session.status).toBe("paused");
    await world.advance(5_000);
    expect(session.isListening).toBe(true);
  });

  it("is down without anybody noticing", async () => {
    const { world, address } = await begun();
    const session = await world.connect(address);
    await world.advance(1_000);
    world.network.goSilent();
    world.server.pauseSession(address);
    await world.advance(30_000);
    expect([session.status, session.isListening]).toEqual(["running", true]);
    world.network.reconnect();
    await world.advance(1_000);
    expect(session.status).toBe("paused");
  });

  it("delays both directions", async () => {
    const world = await virtualWorld({ now: NOW, latencyMs: 200 });
    world.network.thereMs = 300;
    const address = world.createSession({ tickMs: 100 });
    await world.until(readSession(address, { platform: world.platform }));
    expect(world.now - Date.parse(NOW)).toBe(500);
  });
});

describe("devices", () => {
  it("sleep and fail separately", async () => {
    const { world, address } = await begun();
    const other = world.device({ clockAheadMs: -HOUR_MS });
    const [mine, theirs] = [await world.connect(address), await other.connect(address)];
    await world.advance(1_000);
    other.sleep(HOUR_MS);
    expect([world.isAsleep, other.isAsleep]).toEqual([false, true]);
    await world.advance(HOUR_MS / 2);
    world.server.stopSession(address);
    await world.advance(1_000);
    expect([mine.status, theirs.isStopped]).toEqual(["stopped", false]);
    await world.advance(HOUR_MS / 2 + 1_000);
    expect([theirs.status, theirs.state()]).toEqual(["stopped", mine.state()]);
    mine.close();
    theirs.close();
    expect([world.leftovers, other.leftovers]).toEqual([NOTHING, NOTHING]);
  });

  it("go on if they fall asleep again before they wake", async () => {
    const { world, address } = await begun();
    const session = await world.connect(address);
    world.sleep(10_000);
    await world.advance(5_000);
    world.sleep(10_000);
    await world.advance(7_000);
    expect(world.isAsleep).toBe(true);
    await world.advance(10_000);
    expect([world.isAsleep, session.isListening]).toEqual([false, true]);
  });
});

describe("the server", () => {
  it("completes a new session as a real server does", async () => {
    const world = await virtualWorld({ now: NOW });
    const rules = { breakInterval: { min: 5, max: 9 } };
    const address = world.createSession({ tickMs: 250, rules, metadata: { name: "quiz" }, ttlSeconds: 60 });
    expect(world.server.session(address)).toEqual({
      id: expect.stringMatching(/^sess_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      seed: expect.stringMatching(/^[0-9a-f-]{36}$/),
      start_at: "2030-01-01T00:00:03.000Z",
      tick_ms: 250,
      rules: { break_interval: { min: 5, max: 9 }, rounds_per_epoch: 64 },
      engine_version: 1,
      status: "running",
      created_at: "2030-01-01T00:00:00.000Z",
      expires_at: "2030-01-01T00:01:03.000Z",
      revision: 1,
      notice_ms: 0,
      schedule: [],
      requires: [],
      metadata: { name: "quiz" },
    });
  });

  it("gives the same sessions in every run, and others with another seed", async () => {
    const seedOf = async (seed?: string): Promise<string> => {
      const world = await virtualWorld({ seed });
      return world.server.session(world.createSession({ tickMs: 100 })).seed;
    };
    expect(await seedOf()).toBe(await seedOf());
    expect(await seedOf("other")).not.toBe(await seedOf());
  });

  it("takes requests of the package", async () => {
    const world = await virtualWorld({ now: NOW });
    const options = { platform: world.platform };
    const creating = createSession(world.server.address, { tickMs: 100 }, options);
    const { address } = await world.until(creating);
    const { record, etag } = await world.until(readSession(address, options));
    expect(record).toEqual(world.server.session(address));
    await world.advance(4_000);
    const at = world.now + 1_000;
    const paused = await world.until(pauseSession(address, { at, ifMatch: etag, ...options }));
    expect(paused).toMatchObject({ revision: 2, requires: ["schedule"], status: "running" });
    const again = world.until(stopSession(address, { ifMatch: etag, ...options }));
    await expect(again).rejects.toMatchObject({ code: "changed_meanwhile", status: 412 });
    const { status } = await world.until(stopSession(address, options));
    expect([status, world.server.session(address).status]).toEqual(["stopped", "stopped"]);
  });

  it("throws what it refuses", async () => {
    const { world, address } = await begun();
    expect(() => world.createSession({ tickMs: 0 })).toThrowError(ServerError);
    expect(() => world.server.session(`${address}0`)).toThrowError(/there is no session/);
    world.server.stopSession(address, { at: world.now + 5_000 });
    expect(() => world.server.stopSession(address, { at: world.now + 6_000 })).toThrowError(
      expect.objectContaining({ code: "stop_not_earlier" }),
    );
  });

  it("promises what a notice says, on streams too", async () => {
    const world = await virtualWorld({ now: NOW });
    const address = world.createSession({ tickMs: 100, startAt: world.now, noticeMs: 15_000 });
    const session = await world.connect(address);
    await world.advance(60_000);
    expect(session.isSettled).toBe(true);
    const { schedule } = world.server.pauseSession(address);
    expect(Date.parse(schedule[0]?.at ?? "")).toBe(world.now + 16_000);
    await world.advance(20_000);
    expect([session.status, session.isSettled]).toEqual(["paused", true]);
    world.network.disconnect();
    await world.advance(20_000);
    expect(session.isSettled).toBe(false);
  });

  it("tells of a session that has expired", async () => {
    const { world, address } = await begun();
    const session = await world.connect(address);
    const expired = vi.fn();
    session.on("expired", expired);
    await world.advance(1_000);
    world.server.expireSession(address);
    await world.advance(100);
    expect(expired).toHaveBeenCalledOnce();
    await expect(world.until(connect(address, { platform: world.platform }))).rejects.toMatchObject({
      code: "session_not_found",
    });
  });
});
