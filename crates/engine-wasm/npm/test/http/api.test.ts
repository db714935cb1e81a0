import { describe, expect, it } from "vitest";

import { createSession, getSession, readSession, SessionError, stopSession } from "../../src/index.js";
import { ADDRESS, errorResponse, HttpWorld, json, NOON, RECORD } from "../world/http-world.js";

const SESSION = `${ADDRESS}/v1/sessions/${RECORD.id}`;

/** A world whose server gives the same response to every request. */
function answering(answer: () => Response): HttpWorld {
  const world = new HttpWorld();
  world.server.interpose = answer;
  return world;
}

/** Returns the method and path, the headers but the idempotency key, and the body of each request. */
function asked({ server }: HttpWorld): unknown[] {
  return server.received.map(({ what, init }) => {
    const { "idempotency-key": _, ...headers } = (init.headers ?? {}) as Record<string, string>;
    return [what, init.headers && headers, init.body && JSON.parse(String(init.body))];
  });
}

/** Returns the idempotency key of each request. */
function keys({ server }: HttpWorld): unknown[] {
  return server.received.map(({ init }) => (init.headers as Record<string, string>)["idempotency-key"]);
}

const JSON_HEADERS = { "content-type": "application/json" };
const TOKEN = "tst_0123456789abcdef0123456789abcdef";

describe("createSession", () => {
  it("posts the fields and returns the session", async () => {
    const world = answering(() => json(RECORD, { status: 201 }));
    const { platform } = world;
    const metadata = { gameName: "countdown" };
    const wish = { tickMs: 100, seed: "new year", noticeMs: 5_000, ttlSeconds: 60, metadata };
    const created = await world.agenda.until(createSession(ADDRESS, wish, { platform }));
    expect(created).toEqual({ address: SESSION, record: RECORD });
    const body = { tick_ms: 100, seed: "new year", notice_ms: 5_000, ttl_seconds: 60, metadata };
    expect(asked(world)).toEqual([["POST /v1/sessions", JSON_HEADERS, body]]);
  });

  it("posts rules, and instants of every form", async () => {
    const world = answering(() => json(RECORD, { status: 201 }));
    const wish = {
      tickMs: 100,
      startAt: NOON + 0.75,
      rules: { breakInterval: { min: 2, max: 5 }, roundsPerEpoch: 2 },
      schedule: [
        { at: new Date(NOON + 1), paused: true as const },
        { at: "2026-11-23T12:00:01.0029Z", tickMs: 50 },
      ],
    };
    await world.agenda.until(createSession(ADDRESS, wish, { platform: world.platform }));
    const body = {
      tick_ms: 100,
      start_at: "2026-11-23T12:00:00.000Z",
      rules: { break_interval: { min: 2, max: 5 }, rounds_per_epoch: 2 },
      schedule: [
        { at: "2026-11-23T12:00:00.001Z", paused: true },
        { at: "2026-11-23T12:00:01.0029Z", tick_ms: 50 },
      ],
    };
    expect(asked(world)).toEqual([["POST /v1/sessions", JSON_HEADERS, body]]);
  });

  it.each<[string, unknown, object]>([
    ["a name of the JSON", { tick_ms: 100 }, { code: "unknown_option", field: "tick_ms" }],
    ["a rule's", { tickMs: 1, rules: { rounds: 2 } }, { code: "unknown_option", field: "rounds" }],
    [
      "a change's",
      { tickMs: 1, schedule: [{ at: 0, tick_ms: 5 }] },
      { code: "unknown_option", field: "tick_ms" },
    ],
    ["a number", 100, { code: "not_a_session", field: "session" }],
    ["nothing", undefined, { code: "not_a_session", field: "session" }],
    ["a number as rules", { tickMs: 1, rules: 5 }, { code: "not_a_session", field: "rules" }],
    ["no instant", { tickMs: 1, startAt: Number.NaN }, { code: "not_an_instant", field: "startAt" }],
  ])("rejects fields that do not exist, without a request: %s", async (_name, wish, error) => {
    const { server, platform } = new HttpWorld();
    const creating = createSession(ADDRESS, wish as never, { platform });
    await expect(creating).rejects.toMatchObject(error);
    expect(server.received).toEqual([]);
  });

  it("keeps the control token out of the record", async () => {
    const world = answering(() => json({ ...RECORD, control_token: TOKEN }, { status: 201 }));
    const { platform } = world;
    const created = await world.agenda.until(createSession(ADDRESS, { tickMs: 100 }, { platform }));
    expect(created).toEqual({ address: SESSION, record: RECORD, controlToken: TOKEN });
    expect(Object.keys(created.record)).toEqual(Object.keys(RECORD));
  });

  it("has no token if the server hands out none", async () => {
    const world = answering(() => json(RECORD, { status: 201 }));
    const { platform } = world;
    const created = await world.agenda.until(createSession(ADDRESS, { tickMs: 100 }, { platform }));
    expect(Object.keys(created)).toEqual(["address", "record"]);
  });

  it("sends an API key, before a header of the program", async () => {
    const world = answering(() => json(RECORD, { status: 201 }));
    const { platform } = world;
    const headers = { Authorization: "Basic cHJveHk6", "x-game": "countdown" };
    const options = { apiKey: "tsk_1", headers, platform };
    await world.agenda.until(createSession(ADDRESS, { tickMs: 100 }, options));
    const sent = { ...JSON_HEADERS, authorization: "Bearer tsk_1", "x-game": "countdown" };
    expect(asked(world)).toEqual([["POST /v1/sessions", sent, { tick_ms: 100 }]]);
  });

  it("repeats the request with the same key until it gets an answer", async () => {
    const answers = [
      (): Response => errorResponse("store_unavailable", 503),
      (): Response => errorResponse("request_in_progress", 409),
      (): Response => new Response("no server", { status: 502 }),
      (): Response => json(RECORD, { status: 201 }),
    ];
    const world = answering(() => answers.shift()?.() ?? json({}));
    const created = await world.agenda.until(
      createSession(ADDRESS, { tickMs: 100 }, { platform: world.platform }),
    );
    expect(created.record).toEqual(RECORD);
    const [key] = keys(world);
    expect(key).toMatch(/^"[0-9a-f]{32}"$/);
    expect(keys(world)).toEqual([key, key, key, key]);
  });

  it("takes a new key for each session", async () => {
    const world = answering(() => json(RECORD, { status: 201 }));
    for (let count = 0; count < 100; count += 1) {
      await world.agenda.until(createSession(ADDRESS, { tickMs: 100 }, { platform: world.platform }));
    }
    expect(new Set(keys(world)).size).toBe(100);
  });

  it("gives up after half a minute", async () => {
    const world = answering(() => errorResponse("store_unavailable", 503));
    const creating = createSession(ADDRESS, { tickMs: 100 }, { platform: world.platform });
    const begunAt = world.now;
    await expect(world.agenda.until(creating)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(world.now - begunAt).toBeLessThanOrEqual(30_000);
    expect(world.server.received.length).toBeGreaterThan(2);
  });

  it("sends one request only, if asked to", async () => {
    const world = answering(() => errorResponse("store_unavailable", 503));
    const options = { platform: world.platform, retry: false };
    const creating = createSession(ADDRESS, { tickMs: 100 }, options);
    await expect(world.agenda.until(creating)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(world.server.received.length).toBe(1);
  });

  it("finds a server behind the path of a proxy", async () => {
    const world = answering(() => json(RECORD, { status: 201 }));
    const { platform } = world;
    await world.agenda.until(createSession(`${ADDRESS}/games/ticks/`, { tickMs: 1 }, { platform }));
    expect(asked(world)).toEqual([["POST /games/ticks/v1/sessions", JSON_HEADERS, { tick_ms: 1 }]]);
  });

  it("throws an error that lists all invalid fields", async () => {
    const errors = [{ field: "tick_ms", message: "tick_ms must be from 1 to 86400000, got 0" }];
    const world = answering(() => errorResponse("invalid_fields", 400, { errors }));
    const creating = createSession(ADDRESS, { tickMs: 0 }, { platform: world.platform });
    await expect(world.agenda.until(creating)).rejects.toMatchObject({
      name: "ServerError",
      code: "invalid_fields",
      problem: { errors },
    });
  });
});

describe("getSession", () => {
  it("returns the session", async () => {
    const world = new HttpWorld();
    const address = world.server.store();
    const session = await world.agenda.until(getSession(address, { platform: world.platform }));
    expect(session).toEqual(RECORD);
    expect(asked(world)).toEqual([[`GET /v1/sessions/${RECORD.id}`, undefined, undefined]]);
  });

  it("throws if it does not exist", async () => {
    const world = new HttpWorld();
    const reading = getSession(SESSION, { platform: world.platform });
    await expect(world.agenda.until(reading)).rejects.toMatchObject({
      code: "session_not_found",
      status: 404,
    });
  });

  it("throws if the response is not a session", async () => {
    const world = answering(() => json({ hello: "world" }));
    const reading = getSession(SESSION, { platform: world.platform });
    await expect(world.agenda.until(reading)).rejects.toMatchObject({ code: "bad_answer" });
  });

  it("throws for an invalid address, without a request", async () => {
    const world = new HttpWorld();
    await expect(getSession(ADDRESS, { platform: world.platform })).rejects.toBeInstanceOf(SessionError);
    expect(world.server.received).toEqual([]);
  });
});

describe("readSession", () => {
  it("returns the session with its entity tag and its promise", async () => {
    const world = new HttpWorld();
    const address = world.server.store({ notice_ms: 15_000 });
    const read = await world.agenda.until(readSession(address, { platform: world.platform }));
    expect(read).toEqual({
      record: { ...RECORD, notice_ms: 15_000 },
      etag: expect.stringMatching(/^"[-0-9a-f]+"$/),
      settledUntil: NOON + 10 + 15_000,
    });
    expect(world.server.received.map(({ init }) => init.cache)).toEqual(["no-cache"]);
  });

  it("has neither if the response shows none", async () => {
    const world = answering(() => json(RECORD));
    const read = await world.agenda.until(readSession(SESSION, { platform: world.platform }));
    expect(read).toEqual({ record: RECORD, etag: undefined, settledUntil: undefined });
  });
});

describe("stopSession", () => {
  it("sends a token, which a reading function never does", async () => {
    const world = answering(() => json(RECORD));
    const { platform } = world;
    await world.agenda.until(stopSession(SESSION, { token: TOKEN, platform }));
    await world.agenda.until(getSession(SESSION, { token: TOKEN, platform } as never));
    await world.agenda.until(readSession(SESSION, { token: TOKEN, platform } as never));
    const [stop, ...reads] = asked(world);
    expect(stop).toMatchObject([
      `POST /v1/sessions/${RECORD.id}/stop`,
      { authorization: `Bearer ${TOKEN}` },
      {},
    ]);
    expect(JSON.stringify(reads)).not.toContain("tst_");
  });

  it("throws for a missing right, which does not pass by itself", async () => {
    const world = answering(() => errorResponse("right_missing", 403, { right: "control" }));
    const stopping = stopSession(SESSION, { token: TOKEN, platform: world.platform });
    await expect(world.agenda.until(stopping)).rejects.toMatchObject({
      code: "right_missing",
      mayPass: false,
      problem: { right: "control" },
    });
  });

  it("rejects an unknown option, without a request", async () => {
    const { server, platform } = new HttpWorld();
    const stopping = stopSession(SESSION, { if_match: '"5f70"', platform } as never);
    await expect(stopping).rejects.toMatchObject({
      code: "unknown_option",
      field: "if_match",
      message: 'there is no option "if_match"; the options are at, ifMatch, token, signal, headers, platform',
    });
    expect(server.received).toEqual([]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e17])("rejects %d as an instant", async (at) => {
    const { server, platform } = new HttpWorld();
    await expect(stopSession(SESSION, { at, platform })).rejects.toMatchObject({ field: "at" });
    expect(server.received).toEqual([]);
  });

  it.each([Date.now(), "2026-11-25T12:00:00Z", new Date()])("rejects a bare instant: %s", async (at) => {
    const { server } = new HttpWorld();
    const stopping = stopSession(ADDRESS, at as never);
    await expect(stopping).rejects.toMatchObject({ code: "not_an_instant", field: "at" });
    expect(server.received).toEqual([]);
  });

  const stop = { id: RECORD.id, status: "running", stopped_at: "2026-11-23T12:30:00.000Z" };
  const at = NOON + 1_800_000;

  it.each([
    ["now, by default", undefined, {}],
    ["at an instant in milliseconds", at, { at: stop.stopped_at }],
    ["at a fraction of a millisecond, which is cut off", at + 0.75, { at: stop.stopped_at }],
    ["at a Date", new Date(at), { at: stop.stopped_at }],
    [
      "at an instant in RFC 3339, passed on as it is",
      "2026-11-23T13:30:00+01:00",
      { at: "2026-11-23T13:30:00+01:00" },
    ],
  ])("posts the stop: %s", async (_when, when, content) => {
    const world = answering(() => json(stop));
    const stopping = stopSession(SESSION, { at: when, platform: world.platform });
    expect(await world.agenda.until(stopping)).toEqual(stop);
    expect(asked(world)).toEqual([[`POST /v1/sessions/${RECORD.id}/stop`, JSON_HEADERS, content]]);
  });

  it("sends the entity tag that must still be current", async () => {
    const world = answering(() => errorResponse("changed_meanwhile", 412));
    const stopping = stopSession(SESSION, { ifMatch: '"5f70"', platform: world.platform });
    await expect(world.agenda.until(stopping)).rejects.toMatchObject({ code: "changed_meanwhile" });
    expect(asked(world)).toMatchObject([[expect.anything(), { ...JSON_HEADERS, "if-match": '"5f70"' }, {}]]);
  });

  it("throws if an earlier stop is set, and says when", async () => {
    const { stopped_at } = stop;
    const world = answering(() => errorResponse("stop_not_earlier", 409, { stopped_at }));
    const stopping = stopSession(SESSION, { platform: world.platform });
    await expect(world.agenda.until(stopping)).rejects.toMatchObject({
      code: "stop_not_earlier",
      problem: { stopped_at },
    });
  });
});

it("all of them can be aborted", async () => {
  const reason = new Error("changed my mind");
  const world = new HttpWorld();
  const options = { platform: world.platform, signal: AbortSignal.abort(reason) };
  await expect(createSession(ADDRESS, { tickMs: 1 }, options)).rejects.toBe(reason);
  await expect(getSession(SESSION, options)).rejects.toBe(reason);
  await expect(stopSession(SESSION, options)).rejects.toBe(reason);
  expect(world.server.received).toEqual([]);
});
