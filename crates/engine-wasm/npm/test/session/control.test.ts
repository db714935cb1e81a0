import { describe, expect, it, vi } from "vitest";

import { type ConnectOptions, EngineError, type LiveSession, stopSession } from "../../src/index.js";
import {
  ADDRESS,
  errorResponse,
  HttpWorld,
  json,
  NOON,
  RECORD,
  scheduleChange,
} from "../world/http-world.js";

const START = NOON + 3_000;
const PATH = `/v1/sessions/${RECORD.id}`;

/** Connects, and lets the server accept every change: `changed` is what it then has. */
async function controlled(changed: Partial<typeof RECORD> = {}, options: ConnectOptions = {}) {
  const world = new HttpWorld();
  const session = await world.connect(undefined, options);
  await world.passUntil(START + 1_000);
  const record = { ...RECORD, revision: 2, ...changed };
  world.server.interpose = (path, init) => {
    if (init.method !== "POST") {
      return undefined;
    }
    world.server.records.set(RECORD.id, record);
    const { id, status, stopped_at } = record;
    const body = path.endsWith("/stop") ? { id, status, stopped_at } : record;
    return json(body, { headers: { etag: '"two"' } });
  };
  /** Makes a call while time passes. Returns its result, and the request. */
  const call = async <Result>(run: (session: LiveSession) => Promise<Result>) => {
    const running = run(session);
    // Time does not pass while the code is being loaded.
    await vi.dynamicImportSettled();
    const result = await world.agenda.until(running);
    const posts = world.server.received.filter(({ init }) => init.method === "POST");
    const { what, init } = posts.at(-1) ?? { what: "", init: {} };
    return { result, asked: [what, JSON.parse(String(init.body))], headers: init.headers };
  };
  return { world, session, record, call };
}

describe("a live session", () => {
  it("has its address", async () => {
    const world = new HttpWorld();
    const session = await world.connect(`${world.server.store()}/`);
    expect(session.address).toBe(`${ADDRESS}${PATH}`);
    session.close();
    expect(session.address).toBe(`${ADDRESS}${PATH}`);
  });

  it("pauses itself now, by the server's clock, and knows it at once", async () => {
    const schedule = [scheduleChange([START + 1_000, 0])];
    const { session, record, call } = await controlled({ schedule, requires: ["schedule"] });
    const { result, asked } = await call(() => session.pause());
    expect(asked).toEqual([`POST ${PATH}/pause`, {}]);
    expect(result).toEqual(record);
    expect(session.isPaused).toBe(true);
    expect(session.record).toEqual(record);
    expect(session.etag).toBe('"two"');
    session.close();
  });

  it("keeps its platform and its headers if an option is undefined", async () => {
    const world = new HttpWorld();
    const headers = { authorization: "host" };
    const session = await world.connect(undefined, { platform: world.platform, headers });
    const pausing = session.pause({ platform: undefined });
    await vi.dynamicImportSettled();
    await world.agenda.until(pausing).catch(() => undefined);
    const post = world.server.received.find(({ init }) => init.method === "POST");
    expect(post?.init.headers).toMatchObject(headers);
    session.close();
  });

  it.each<[string, (session: LiveSession) => Promise<unknown>]>([
    ["stop", (session) => session.stop()],
    ["pause", (session) => session.pause()],
    ["resume", (session) => session.resume()],
    ["setRate", (session) => session.setRate(50)],
    ["withdraw", (session) => session.withdraw()],
  ])("sends its token with %s and with nothing else", async (_name, run) => {
    const { world, session, call } = await controlled({}, { token: "tst_own" });
    const { headers } = await call(run);
    expect(headers).toMatchObject({ authorization: "Bearer tst_own" });
    await world.passUntil(START + 60_000);
    const others = world.server.received.filter(({ init }) => init.method !== "POST");
    expect(others.length).toBeGreaterThan(1);
    expect(JSON.stringify(others)).not.toContain("tst_own");
    expect(JSON.stringify(session.record) + session.address).not.toContain("tst_own");
    session.close();
  });

  it("sends another token if a change has its own, before a header of the program", async () => {
    const headers = { Authorization: "Basic cHJveHk6" };
    const { session, call } = await controlled({}, { token: "tst_own", headers });
    const changed = await call((live) => live.pause({ token: "tst_other" }));
    expect(changed.headers).toMatchObject({ authorization: "Bearer tst_other" });
    const own = await call((live) => live.pause({ token: undefined }));
    expect(own.headers).toMatchObject({ authorization: "Bearer tst_own" });
    session.close();
  });

  it("sends no token if it has none", async () => {
    const { session, call } = await controlled();
    const { headers } = await call((live) => live.pause());
    expect(headers).not.toHaveProperty("authorization");
    session.close();
  });

  it("reads itself after a stop with the headers of that stop", async () => {
    const { world, session, call } = await controlled({ stopped_at: new Date(START + 1_010).toISOString() });
    await call((live) => live.stop({ headers: { authorization: "host" } }));
    const read = world.server.received.at(-1);
    expect(read?.what).toBe(`GET ${PATH}`);
    expect(read?.init.headers).toMatchObject({ authorization: "host" });
    session.close();
  });

  it.each<[string, (session: LiveSession) => Promise<unknown>, string, object]>([
    ["resume", (session) => session.resume({ tickMs: 50 }), "resume", { tick_ms: 50 }],
    [
      "setRate",
      (session) => session.setRate(200, { at: START + 5_000.75, replaceLater: true }),
      "rate",
      { tick_ms: 200, at: new Date(START + 5_000).toISOString(), replace_later: true },
    ],
    [
      "withdraw",
      (session) => session.withdraw({ from: new Date(START) }),
      "withdraw",
      { from: new Date(START).toISOString() },
    ],
  ])("can %s", async (_name, run, action, body) => {
    const { session, record, call } = await controlled({ metadata: { answered: true } });
    const { result, asked } = await call(run);
    expect(asked).toEqual([`POST ${PATH}/${action}`, body]);
    expect(result).toEqual(record);
    expect(session.record).toEqual(record);
    session.close();
  });

  it("stops itself, and knows it at once", async () => {
    const at = START + 1_500;
    const { world, session, call } = await controlled({ stopped_at: new Date(at).toISOString() });
    const reported: unknown[] = [];
    session.on("stopped", ({ stoppedAt }) => reported.push(stoppedAt));
    const stopping = await call(() => session.stop({ at: at + 0.9, ifMatch: '"5f70"' }));
    const { result, asked, headers } = stopping;
    const body = { at: new Date(at).toISOString() };
    expect(asked).toEqual([`POST ${PATH}/stop`, body]);
    expect(headers).toMatchObject({ "if-match": '"5f70"' });
    expect(result).toMatchObject({ stopped_at: body.at });
    expect(session.stoppedAt).toBe(at);
    await world.passUntil(at + 1);
    expect(reported).toEqual([at]);
    session.close();
  });

  it("has stopped even if it cannot be read afterwards", async () => {
    const { world, session, call } = await controlled({ stopped_at: new Date(START + 9_000).toISOString() });
    const { interpose } = world.server;
    world.server.interpose = (path, init) =>
      init.method === "POST" ? interpose(path, init) : errorResponse("store_unavailable", 503);
    const { result } = await call(() => session.stop());
    expect(result).toMatchObject({ id: RECORD.id });
    session.close();
  });

  it("can be stopped after it was closed", async () => {
    const { session, call } = await controlled({ stopped_at: new Date(START + 9_000).toISOString() });
    session.close();
    const { asked } = await call(() => session.stop());
    expect(asked).toEqual([`POST ${PATH}/stop`, {}]);
  });

  it("rejects what the functions reject", async () => {
    const { world, session } = await controlled();
    const count = world.server.received.length;
    await expect(session.stop(START as never)).rejects.toMatchObject({ code: "not_an_instant", field: "at" });
    await expect(session.pause(new Date() as never)).rejects.toBeInstanceOf(EngineError);
    await expect(session.withdraw("now" as never)).rejects.toMatchObject({ field: "from" });
    await expect(session.resume({ tick_ms: 5 } as never)).rejects.toMatchObject({ code: "unknown_option" });
    expect(world.server.received).toHaveLength(count);
    world.server.interpose = () => errorResponse("too_soon", 409, { earliest: "2026-11-23T12:00:09Z" });
    await expect(world.agenda.until(session.pause())).rejects.toMatchObject({ code: "too_soon" });
    session.close();
  });
});

it("a record in the place of an address is an error that says so", async () => {
  await expect(stopSession(RECORD as never)).rejects.toMatchObject({
    name: "SessionError",
    code: "not_an_address",
    message: "session must be an address such as https://ticks.example/v1/sessions/sess_..., got an object",
  });
});
