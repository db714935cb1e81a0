/** Clocks that sessions share. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { Clock, connect, type FailedAttempt, loadEngine, openClock } from "../../src/index.js";
import { borrowClock } from "../../src/session/clocks.js";
import { ADDRESS, HttpWorld, json, NOTHING_LEFT, RECORD } from "../world/http-world.js";

const TIME = `${ADDRESS}/v1/time`;

beforeAll(() => loadEngine());
afterEach(() => vi.unstubAllGlobals());

describe("the clock of a server on a page", () => {
  it("is one, whoever borrows it, and closes when the last borrower gives it back", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const world = new HttpWorld();
      const leases = [borrowClock(world.platform, TIME), borrowClock(world.platform, TIME)];
      const [{ clock }] = leases as [(typeof leases)[0]];
      expect(leases[1]?.clock).toBe(clock);
      await world.pass(1_000);
      expect(world.server.timeRequests).toBe(6);
      leases[order[0]]?.release();
      leases[order[0]]?.release();
      expect(clock.isClosed).toBe(false);
      await world.pass(60_000);
      expect(clock.synced).toBe(true);
      leases[order[1]]?.release();
      expect(clock.isClosed).toBe(true);
      await world.pass(0);
      expect(world.leftovers).toEqual(NOTHING_LEFT);
    }
  });

  it("is a new one after that, which a late release of the former does not close", () => {
    const world = new HttpWorld();
    const former = borrowClock(world.platform, TIME);
    former.release();
    const next = borrowClock(world.platform, TIME);
    expect(next.clock).not.toBe(former.clock);
    former.release();
    expect(next.clock.isClosed).toBe(false);
    const other = borrowClock(world.platform, TIME);
    expect(other.clock).toBe(next.clock);
    next.release();
    other.release();
    expect(next.clock.isClosed).toBe(true);
  });

  it("is another for another address, query or header", () => {
    const { platform } = new HttpWorld();
    const leases = [
      borrowClock(platform, TIME),
      borrowClock(platform, `${TIME}?token=1`),
      borrowClock(platform, TIME, { authorization: "one" }),
      borrowClock(platform, TIME, { authorization: "other" }),
      borrowClock(platform, TIME, new Headers({ authorization: "third" }) as never),
    ];
    expect(new Set(leases.map(({ clock }) => clock)).size).toBe(leases.length);
    for (const { release } of leases) {
      release();
    }
  });
});

/** Answers as a server in the real world, without a virtual one: only then do sessions share the page's clock. */
function stubServer(): string[] {
  const requests: string[] = [];
  vi.stubGlobal("EventSource", undefined);
  vi.stubGlobal("fetch", (address: string) => {
    requests.push(address);
    const us = Date.now() * 1_000;
    const time = { received_us: us, sent_us: us, server: "one" };
    return Promise.resolve(json(address.includes("/v1/time") ? time : RECORD));
  });
  return requests;
}

describe("sessions on one page", () => {
  const address = `${ADDRESS}/v1/sessions/${RECORD.id}`;

  it.each([
    [0, 1],
    [1, 0],
  ])("share a clock, which goes on until both are closed: first %i, then %i", async (first, second) => {
    const requests = stubServer();
    const sessions = await Promise.all([connect(address), connect(address)]);
    sessions[first]?.close();
    const left = sessions[second];
    expect(left?.clock.synced).toBe(true);
    const before = requests.filter((request) => request.includes("/time")).length;
    const third = await connect(address);
    expect(third.clock.isReady).toBe(true);
    expect(requests.filter((request) => request.includes("/time")).length - before).toBeLessThanOrEqual(6);
    third.close();
    left?.close();
    expect(left?.clock.now).toBeGreaterThan(0);
  });

  it("cannot close the clock that they share, so later ones can always connect", async () => {
    stubServer();
    const session = await connect(address);
    expect("close" in session.clock).toBe(false);
    expect(Symbol.dispose in session.clock).toBe(false);
    const { clock } = session;
    expect(clock.read()).toEqual({
      now: expect.closeTo(clock.now, -1),
      errorMs: expect.closeTo(clock.errorMs, -1),
      synced: clock.synced,
    });
    expect(clock.address).toBe(TIME);
    session.close();
    const next = await connect(address);
    expect(next.clock.synced).toBe(true);
    next.close();
  });
});

describe("a clock that a program shares", () => {
  it("rejects a session with `closed` if it is closed before it is ready", async () => {
    const world = new HttpWorld();
    const clock = await unready(world);
    world.agenda.in(5, () => clock.close());
    await expect(world.connect(undefined, { clock })).rejects.toMatchObject({ code: "closed" });
    await world.pass(60_000);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("may have no query, or that of another session", async () => {
    const world = new HttpWorld();
    const clock = await world.agenda.until(openClock(`${ADDRESS}?token=1`, { platform: world.platform }));
    const session = await world.connect(`${world.server.store()}?token=2`, { clock });
    expect(session.clock.address).toBe(`${TIME}?token=1`);
    session.close();
    clock.close();
  });
});

/** Returns a clock that has not heard from the server yet. */
async function unready({ platform }: HttpWorld): Promise<Clock> {
  const { askOver } = await import("../../src/clock/ask.js");
  return new Clock({ ...platform, ask: askOver(platform, TIME) });
}

describe("the events of a session's clock", () => {
  it("tell of failures and when the clock asks again, and of `synced`, also by time alone", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(60_000);
    const told: unknown[] = [];
    session.clock.on("synced", (synced) => told.push(synced));
    const failures: FailedAttempt[] = [];
    session.clock.on("error", (failure) => failures.push(failure));
    world.server.reach = "unreachable";
    await world.pass(46_000);
    expect(told).toEqual([false]);
    expect(failures[0]).toMatchObject({ error: { code: "unreachable", mayPass: true }, retryInMs: 150 });
    expect(failures[0]?.error).toMatchObject({
      message: expect.stringContaining(`no response from ${TIME}?`),
    });
    world.server.reach = "answers";
    await world.pass(31_000);
    expect(told).toEqual([false, true]);
    session.close();
  });
});
