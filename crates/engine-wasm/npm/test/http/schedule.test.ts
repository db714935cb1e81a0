import { describe, expect, it } from "vitest";

import {
  createSession,
  pauseSession,
  type RequestOptions,
  resumeSession,
  type SessionRecord,
  setRate,
  withdraw,
} from "../../src/index.js";
import { ADDRESS, errorResponse, HttpWorld, json, NOON, RECORD } from "../world/http-world.js";

const SESSION = `${ADDRESS}/v1/sessions/${RECORD.id}`;
const JSON_HEADERS = { "content-type": "application/json" };
const AT = NOON + 1_800_000;
const AT_TEXT = "2026-11-23T12:30:00.000Z";
const PAUSED: SessionRecord = {
  ...RECORD,
  schedule: [{ at: AT_TEXT, paused: true }],
  requires: ["schedule"],
};

/** A world whose server gives the same response to every request. */
function answering(answer: () => Response): HttpWorld {
  const world = new HttpWorld();
  world.server.interpose = answer;
  return world;
}

type Request = (options: RequestOptions) => Promise<SessionRecord>;

/** Returns what a request sends: the last part of its path, its headers and its body. */
async function sent(request: Request): Promise<unknown[]> {
  const world = answering(() => json(PAUSED));
  const { platform } = world;
  expect(await world.agenda.until(request({ platform }))).toEqual(PAUSED);
  const [received, ...others] = world.server.received;
  expect(others).toEqual([]);
  const { what = "", init = {} } = received ?? {};
  const prefix = `POST /v1/sessions/${RECORD.id}/`;
  expect(what.startsWith(prefix)).toBe(true);
  return [what.slice(prefix.length), init.headers, JSON.parse(String(init.body))];
}

describe("a change is posted", () => {
  it.each<[string, Request]>([
    ["pause", (o) => pauseSession(SESSION, { token: "tst_1", ...o })],
    ["resume", (o) => resumeSession(SESSION, { token: "tst_1", ...o })],
    ["rate", (o) => setRate(SESSION, 50, { token: "tst_1", ...o })],
    ["withdraw", (o) => withdraw(SESSION, { token: "tst_1", ...o })],
  ])("with a token: %s", async (action, request) => {
    const headers = { ...JSON_HEADERS, authorization: "Bearer tst_1" };
    expect(await sent(request)).toEqual([action, headers, action === "rate" ? { tick_ms: 50 } : {}]);
  });

  it.each<[string, Request, unknown[]]>([
    ["a pause as early as possible", (o) => pauseSession(SESSION, o), ["pause", {}]],
    ["a pause at an instant", (o) => pauseSession(SESSION, { at: AT, ...o }), ["pause", { at: AT_TEXT }]],
    [
      "a pause at a Date, in place of later changes",
      (o) => pauseSession(SESSION, { at: new Date(AT), replaceLater: true, ...o }),
      ["pause", { at: AT_TEXT, replace_later: true }],
    ],
    [
      "a pause at a clock's time, in whole milliseconds",
      (o) => pauseSession(SESSION, { at: AT + 0.9, ...o }),
      ["pause", { at: AT_TEXT }],
    ],
    ["a resumption", (o) => resumeSession(SESSION, o), ["resume", {}]],
    [
      "a resumption with another rate, in RFC 3339, passed on as it is",
      (o) => resumeSession(SESSION, { at: "2026-11-23T13:30:00+01:00", tickMs: 50, ...o }),
      ["resume", { at: "2026-11-23T13:30:00+01:00", tick_ms: 50 }],
    ],
    ["a rate", (o) => setRate(SESSION, 50, o), ["rate", { tick_ms: 50 }]],
    [
      "a rate at an instant",
      (o) => setRate(SESSION, 50, { at: AT, replaceLater: false, ...o }),
      ["rate", { tick_ms: 50, at: AT_TEXT, replace_later: false }],
    ],
    ["a withdrawal of all changes", (o) => withdraw(SESSION, o), ["withdraw", {}]],
    [
      "a withdrawal from an instant on",
      (o) => withdraw(SESSION, { from: AT, ...o }),
      ["withdraw", { from: AT_TEXT }],
    ],
  ])("%s", async (_what, request, [action, content]) => {
    expect(await sent(request)).toEqual([action, JSON_HEADERS, content]);
  });

  it.each<[string, Request]>([
    ["a pause", (o) => pauseSession(SESSION, { ifMatch: '"5f70"', ...o })],
    ["a resumption", (o) => resumeSession(SESSION, { ifMatch: '"5f70"', ...o })],
    ["a rate", (o) => setRate(SESSION, 50, { ifMatch: '"5f70"', ...o })],
    ["a withdrawal", (o) => withdraw(SESSION, { ifMatch: '"5f70"', ...o })],
  ])("%s with the entity tag that must still be current", async (_what, request) => {
    expect((await sent(request))[1]).toEqual({ ...JSON_HEADERS, "if-match": '"5f70"' });
  });

  it("to a server behind the path of a proxy", async () => {
    const world = answering(() => json(PAUSED));
    const address = SESSION.replace("/v1", "/games/ticks/v1");
    await world.agenda.until(pauseSession(address, { platform: world.platform }));
    expect(world.server.received.map(({ what }) => what)).toEqual([
      `POST /games/ticks/v1/sessions/${RECORD.id}/pause`,
    ]);
  });
});

describe("a change that is refused", () => {
  it.each([
    ["too_soon", { earliest: AT_TEXT }],
    ["later_changes", { schedule: PAUSED.schedule ?? [] }],
    ["change_final", { change: { at: AT_TEXT, tick_ms: 50 } }],
    ["already_paused", { schedule: PAUSED.schedule ?? [] }],
  ])("throws %s, with what the server adds", async (code, more) => {
    const world = answering(() => errorResponse(code, 409, more));
    const { platform } = world;
    for (const request of [
      pauseSession(SESSION, { platform }),
      resumeSession(SESSION, { platform }),
      setRate(SESSION, 50, { platform }),
      withdraw(SESSION, { platform }),
    ]) {
      await expect(world.agenda.until(request)).rejects.toMatchObject({ code, status: 409, problem: more });
    }
  });

  it.each([AT, AT_TEXT, new Date(AT)])("because of a bare instant sends no request: %s", async (at) => {
    const { server } = new HttpWorld();
    for (const change of [pauseSession, resumeSession]) {
      await expect(change(SESSION, at as never)).rejects.toMatchObject({
        code: "not_an_instant",
        field: "at",
      });
    }
    await expect(setRate(SESSION, 50, at as never)).rejects.toMatchObject({ field: "at" });
    await expect(withdraw(SESSION, at as never)).rejects.toMatchObject({ field: "from" });
    expect(server.received).toEqual([]);
  });

  it.each([
    ["replace_later", (o: object) => pauseSession(SESSION, { replace_later: true, ...o } as never)],
    ["tickMs", (o: object) => pauseSession(SESSION, { tickMs: 50, ...o } as never)],
    ["tick_ms", (o: object) => resumeSession(SESSION, { tick_ms: 50, ...o } as never)],
    ["from", (o: object) => setRate(SESSION, 50, { from: AT, ...o } as never)],
    ["at", (o: object) => withdraw(SESSION, { at: AT, ...o } as never)],
  ])("because of an option that does not exist sends no request: %s", async (field, request) => {
    const { server, platform } = new HttpWorld();
    await expect(request({ platform })).rejects.toMatchObject({
      code: "unknown_option",
      field,
      message: expect.stringMatching(
        `^there is no option "${field}"; the options are .*ifMatch, token, signal, headers, platform$`,
      ),
    });
    expect(server.received).toEqual([]);
  });

  it("because of an invalid address sends no request", async () => {
    const { server, platform } = new HttpWorld();
    await expect(pauseSession(ADDRESS, { platform })).rejects.toMatchObject({ code: "not_an_address" });
    expect(server.received).toEqual([]);
  });

  it("by an aborted signal sends no request", async () => {
    const reason = new Error("changed my mind");
    const { server, platform } = new HttpWorld();
    const options = { platform, signal: AbortSignal.abort(reason) };
    await expect(pauseSession(SESSION, options)).rejects.toBe(reason);
    await expect(withdraw(SESSION, options)).rejects.toBe(reason);
    expect(server.received).toEqual([]);
  });

  it("by a response that is not a session throws", async () => {
    const world = answering(() => json({ hello: "world" }));
    const pausing = pauseSession(SESSION, { platform: world.platform });
    await expect(world.agenda.until(pausing)).rejects.toMatchObject({ code: "bad_answer" });
  });
});

it("a session can be created with a notice and a plan", async () => {
  const world = answering(() => json({ ...PAUSED, notice_ms: 15_000 }, { status: 201 }));
  const schedule = [{ at: AT_TEXT, paused: true as const }];
  const wish = { tickMs: 100, noticeMs: 15_000, schedule };
  const { record } = await world.agenda.until(createSession(ADDRESS, wish, { platform: world.platform }));
  expect([record.notice_ms, record.schedule]).toEqual([15_000, schedule]);
  expect(JSON.parse(String(world.server.received[0]?.init.body))).toEqual({
    tick_ms: 100,
    notice_ms: 15_000,
    schedule,
  });
});
