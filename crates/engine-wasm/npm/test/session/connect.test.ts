import { getEventListeners } from "node:events";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { connect, loadEngine, openClock, ServerError, SessionError } from "../../src/index.js";
import { ADDRESS, errorResponse, HttpWorld, json, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";

beforeAll(() => loadEngine());
afterEach(() => vi.unstubAllGlobals());

/** Returns the error that connecting fails with, after all events have run. */
async function failure(world: HttpWorld, address = world.server.store(), changes = {}): Promise<unknown> {
  const error = await world.connect(address, changes).then(
    () => expect.unreachable("it has connected"),
    (reason: unknown) => reason,
  );
  expect(world.leftovers).toEqual(NOTHING_LEFT);
  await world.pass(60_000);
  expect(world.leftovers).toEqual(NOTHING_LEFT);
  return error;
}

describe("connecting", () => {
  it("requests the session and the time", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    expect(world.server.requestsTo(`/v1/sessions/${RECORD.id}`)).toHaveLength(1);
    expect(world.server.timeRequests).toBeGreaterThan(0);
    expect(world.server.timeRequests).toBeLessThanOrEqual(16);
    expect(session.record).toEqual(RECORD);
    expect(session.clock.synced).toBe(true);
    session.close();
    await world.pass(0);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("takes one round trip, for which the session and the time are requested at the same time", async () => {
    const world = new HttpWorld();
    Object.assign(world.server, { thereMs: 100, backMs: 100 });
    const session = await world.connect();
    expect(world.agenda.now).toBe(200);
    expect(session.state().step).toBe(0);
    expect(session.clock.synced).toBe(true);
    expect(session.clock.errorMs).toBeCloseTo(100, 0);
    session.close();
  });

  it("finds a session behind the path of a proxy", async () => {
    const world = new HttpWorld();
    const session = await world.connect(world.server.store().replace("/v1", "/games/ticks/v1"));
    await world.pass(1_000);
    expect(world.server.received.every(({ what }) => what.startsWith("GET /games/ticks/v1/"))).toBe(true);
    expect([...world.server.streams].map(({ address }) => address)).toEqual([
      `${ADDRESS}/games/ticks/v1/sessions/${RECORD.id}/events`,
    ]);
    session.close();
  });

  it("accepts an address relative to the page", async () => {
    const world = new HttpWorld();
    world.server.store();
    vi.stubGlobal("document", { baseURI: `${ADDRESS}/game/index.html` });
    const session = await world.connect(`/v1/sessions/${RECORD.id}`);
    expect(session.record.id).toBe(RECORD.id);
    session.close();
  });
});

describe("connecting fails, and leaves nothing behind,", () => {
  it("at once for an invalid address, without any request", async () => {
    const world = new HttpWorld();
    const error = await failure(world, "sess_1");
    expect(error).toBeInstanceOf(SessionError);
    expect(error).toMatchObject({ code: "not_an_address" });
    expect(world.server.received).toEqual([]);
  });

  it("if the session does not exist", async () => {
    const error = await failure(new HttpWorld(), `${ADDRESS}/v1/sessions/sess_unknown`);
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ code: "session_not_found", status: 404 });
  });

  it("if the server cannot read the session", async () => {
    const world = new HttpWorld();
    world.server.interpose = (path) =>
      path.includes("sessions") ? errorResponse("store_unavailable", 503) : undefined;
    expect(await failure(world)).toMatchObject({ name: "ServerError", code: "store_unavailable" });
  });

  it.each([
    ["null", null],
    ["an empty object", {}],
    ["an array", []],
    ["a partial session", { ...RECORD, seed: undefined }],
  ])("if the response is not from tickseed: %s", async (_what, answer) => {
    const world = new HttpWorld();
    world.server.interpose = (path) => (path.includes("sessions") ? json(answer) : undefined);
    expect(await failure(world)).toMatchObject({ name: "SessionError", code: "bad_answer" });
  });

  it.each([
    ["null", null],
    ["no stamps", { now_ms: 1 }],
    ["stamps that are not numbers", { received_us: "1", sent_us: "1" }],
  ])("if the time has %s", async (_what, answer) => {
    const world = new HttpWorld();
    world.server.interpose = (path) => (path.endsWith("/time") ? json(answer) : undefined);
    expect(await failure(world)).toMatchObject({ name: "SessionError", code: "bad_answer" });
  });

  it("if the server is unreachable", async () => {
    const world = new HttpWorld();
    world.server.reach = "unreachable";
    expect(await failure(world)).toMatchObject({ name: "SessionError", code: "unreachable" });
  });

  it("if there is no response", async () => {
    const world = new HttpWorld();
    world.server.reach = "silent";
    expect(await failure(world)).toMatchObject({ name: "SessionError", code: "timeout" });
  });

  it("if the session needs another engine", async () => {
    const world = new HttpWorld();
    const error = await failure(world, world.server.store({ engine_version: 2 }));
    expect(error).toMatchObject({ name: "EngineError", code: "engine_version" });
  });

  it("if the engine rejects the session", async () => {
    const world = new HttpWorld();
    const error = await failure(world, world.server.store({ tick_ms: 0 }));
    expect(error).toMatchObject({ name: "EngineError", code: "out_of_range", field: "tick_ms" });
  });

  it("at once if the clock to share is closed, because it would never be right again", async () => {
    const world = new HttpWorld();
    const { platform } = world;
    const clock = await world.agenda.until(openClock(ADDRESS, { platform }));
    clock.close();
    expect(await failure(world, undefined, { clock })).toMatchObject({
      name: "SessionError",
      code: "closed",
    });
  });

  it("if a part of the platform is missing", async () => {
    const world = new HttpWorld();
    const wakeEvents = (): never => {
      throw new Error("no events here");
    };
    const platform = { ...world.platform, wakeEvents };
    const player = new AbortController();
    const address = world.server.store({ stopped_at: new Date(NOON + 600_000).toISOString() });
    const error = await failure(world, address, { platform, signal: player.signal });
    expect(error).toMatchObject({ message: "no events here" });
    expect(getEventListeners(player.signal, "abort")).toEqual([]);
  });
});

describe("connecting can be aborted", () => {
  it("before it begins, without any request", async () => {
    const world = new HttpWorld();
    const reason = new Error("changed my mind");
    const error = await failure(world, undefined, { signal: AbortSignal.abort(reason) });
    expect(error).toBe(reason);
    expect(world.server.received).toEqual([]);
  });

  it("at any moment, and leaves nothing behind", async () => {
    const endings = new Set<string>();
    for (let afterMs = 0; afterMs < 250; afterMs += 2) {
      const world = new HttpWorld();
      const player = new AbortController();
      const { signal } = player;
      world.agenda.in(afterMs, () => player.abort(new Error("changed my mind")));
      const ending = await world.connect(undefined, { signal }).then(
        () => "connected",
        (error: Error) => error.message,
      );
      await world.pass(60_000);
      endings.add(ending);
      expect(world.leftovers).toEqual(NOTHING_LEFT);
      expect(getEventListeners(signal, "abort")).toEqual([]);
    }
    expect(endings).toEqual(new Set(["changed my mind", "connected"]));
  });

  it("by the `fetch` that it calls", async () => {
    const world = new HttpWorld();
    const player = new AbortController();
    const fetching: typeof fetch = (...asking) => {
      player.abort(new Error("changed my mind"));
      return world.server.fetch(...asking);
    };
    const { platform } = world;
    const options = { platform: { ...platform, fetch: fetching }, signal: player.signal };
    expect(await failure(world, undefined, options)).toMatchObject({ message: "changed my mind" });
    expect(getEventListeners(player.signal, "abort")).toEqual([]);
  });

  it("at the very moment the last response is read", async () => {
    const world = new HttpWorld();
    const { platform } = world;
    const clock = await world.agenda.until(openClock(ADDRESS, { platform }));
    const player = new AbortController();
    const fetching: typeof fetch = async (...asking) => {
      const response = await world.server.fetch(...asking);
      const text = await response.text();
      return Object.assign(response, {
        text: () => {
          player.abort(new Error("changed my mind"));
          return Promise.resolve(text);
        },
      });
    };
    await world.pass(1_000);
    const options = { clock, signal: player.signal, platform: { ...platform, fetch: fetching } };
    await expect(world.connect(undefined, options)).rejects.toThrow("changed my mind");
    expect(world.leftovers).toMatchObject({ streams: 0, requests: 0, wakeEvents: 1 });
    clock.close();
  });

  it("while a stream is being opened", async () => {
    const world = new HttpWorld();
    const player = new AbortController();
    const session = await world.connect(undefined, { signal: player.signal });
    expect(world.leftovers.streams).toBe(1);
    player.abort();
    await world.pass(60_000);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
    expect(session.isClosed).toBe(true);
  });
});

describe("a clock from `openClock`", () => {
  it("is shared by sessions without further requests for each", async () => {
    const world = new HttpWorld();
    const { platform } = world;
    const clock = await world.agenda.until(openClock(ADDRESS, { platform }));
    await world.pass(200);
    const asked = world.server.timeRequests;
    const [one, other] = [
      await world.connect(undefined, { clock }),
      await world.connect(undefined, { clock }),
    ];
    expect(world.server.timeRequests).toBe(asked);
    expect(one.clock.read()).toEqual(clock.read());
    one.close();
    await world.passUntil(NOON + 10_000);
    expect(world.server.timeRequests).toBeGreaterThan(asked);
    expect(other.state().step).toBe(70);
    other.close();
    expect(world.leftovers).toMatchObject({ streams: 0, wakeEvents: 1 });
    clock.close();
    await world.pass(0);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("stays open when a session fails to connect with it, and keeps nothing of that session", async () => {
    const world = new HttpWorld();
    const { platform } = world;
    const clock = await world.agenda.until(openClock(ADDRESS, { platform }));
    const connecting = world.connect(`${ADDRESS}/v1/sessions/sess_unknown`, { clock });
    await expect(connecting).rejects.toMatchObject({ code: "session_not_found" });
    await world.pass(60_000);
    expect(clock.synced).toBe(true);
    expect(world.leftovers).toMatchObject({ wakeEvents: 1, streams: 0, requests: 0 });
    clock.close();
  });

  it("can be behind the path of a proxy", async () => {
    const world = new HttpWorld();
    const { platform } = world;
    const clock = await world.agenda.until(openClock(`${ADDRESS}/games/ticks/`, { platform }));
    expect(world.server.received[0]?.what).toMatch("GET /games/ticks/v1/time?");
    clock.close();
  });

  it("fails if there is no time, and leaves nothing behind", async () => {
    const world = new HttpWorld();
    world.server.reach = "unreachable";
    const opening = world.agenda.until(openClock(ADDRESS, { platform: world.platform }));
    await expect(opening).rejects.toMatchObject({ name: "SessionError", code: "unreachable" });
    await world.pass(60_000);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
    await expect(openClock("ticks.example")).rejects.toMatchObject({ code: "not_an_address" });
  });

  it("can be aborted at any moment, before and after it opens", async () => {
    for (let afterMs = 0; afterMs < 250; afterMs += 10) {
      const world = new HttpWorld();
      const player = new AbortController();
      const { signal } = player;
      world.agenda.in(afterMs, () => player.abort(new Error("changed my mind")));
      await world.agenda.until(openClock(ADDRESS, { platform: world.platform, signal })).then(
        () => "open",
        (error) => expect(error.message).toBe("changed my mind"),
      );
      await world.pass(60_000);
      expect(world.leftovers).toEqual(NOTHING_LEFT);
      expect(getEventListeners(signal, "abort")).toEqual([]);
    }
  });
});

it("connecting succeeds with the responses in any order", async () => {
  for (const [there, back] of [
    [1, 1],
    [300, 1],
    [1, 300],
    [700, 700],
  ] as const) {
    const world = new HttpWorld();
    Object.assign(world.server, { thereMs: there, backMs: back });
    const session = await world.connect();
    const { now, errorMs } = session.clock;
    expect(Math.abs(now - world.now)).toBeLessThanOrEqual(errorMs);
    session.close();
  }
});

it("connecting does not end the process by an unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  process.on("unhandledRejection", note);
  const world = new HttpWorld();
  world.server.reach = "unreachable";
  const platform = { ...world.platform };
  await world.agenda.until(
    connect(`${ADDRESS}/v1/sessions/${RECORD.id}`, { platform }).catch(() => undefined),
  );
  await world.pass(60_000);
  await new Promise((resolve) => setTimeout(resolve, 1));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

describe("several sessions of one server", () => {
  it("share one stream, and the others poll", async () => {
    const world = new HttpWorld();
    const { platform } = world;
    const addresses = [
      world.server.store(),
      world.server.store({ id: "sess_b" }),
      world.server.store({ id: "sess_c" }),
    ];
    const [first, ...others] = await Promise.all(
      addresses.map((address) => world.connect(address, { platform })),
    );
    await world.pass(1_000);
    expect(world.leftovers.streams).toBe(1);
    first?.close();
    await world.pass(7_000);
    expect(world.leftovers.streams, "another one has its turn").toBe(1);
    for (const session of others) {
      session.close();
    }
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("cannot share the clock of another server", async () => {
    const world = new HttpWorld();
    const { platform } = world;
    const opening = openClock("https://ticks.example/behind", { platform });
    const clock = await world.agenda.until(opening);
    const connecting = world.connect(world.server.store(), { clock });
    await expect(connecting).rejects.toMatchObject({ name: "SessionError", code: "other_clock" });
    clock.close();
    await world.pass(0);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });
});
