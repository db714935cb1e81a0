/** The options of connecting: trying again, a known record, headers, and queries in addresses. */
import { getEventListeners } from "node:events";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  connect,
  type FailedAttempt,
  getSession,
  loadEngine,
  openClock,
  SessionError,
} from "../../src/index.js";
import { unhandledErrors } from "../unhandled.js";
import { ADDRESS, errorResponse, HttpWorld, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";

beforeAll(() => loadEngine());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Returns the rejections that nobody has handled while something runs. */
async function unhandledDuring(run: () => Promise<unknown>): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  await run().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1));
  process.off("unhandledRejection", note);
  return unhandled;
}

describe("connecting with `retry`", () => {
  it("goes on after errors that may pass, and tells of each", async () => {
    const world = new HttpWorld();
    world.server.reach = "unreachable";
    world.agenda.in(5_000, () => {
      world.server.reach = "answers";
    });
    const failed: FailedAttempt[] = [];
    const onRetry = (attempt: FailedAttempt): void => void failed.push(attempt);
    const session = await world.connect(undefined, { retry: true, onRetry });
    // In the middle of windows of 1, 2, 4 and 8 s.
    expect(failed.map(({ retryInMs }) => retryInMs)).toEqual(
      [500, 1_500, 3_000, 6_000].slice(0, failed.length),
    );
    expect(failed.length).toBeGreaterThan(2);
    expect(failed[0]?.error).toMatchObject({ code: "unreachable" });
    session.close();
    await world.pass(60_000);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("waits for as long as the server asks, even if the page is shown again", async () => {
    const world = new HttpWorld();
    const problem = await errorResponse("store_unavailable", 503).text();
    world.server.interpose = () =>
      world.agenda.now > 20_000
        ? undefined
        : new Response(problem, { status: 503, headers: { "retry-after": "30" } });
    for (const at of [1_000, 10_000, 29_000]) {
      world.agenda.in(at, () => world.wake("back"));
    }
    const session = await world.connect(undefined, { retry: true });
    expect(world.agenda.now).toBeGreaterThan(30_000);
    expect(world.server.requestsTo("/v1/sessions")).toHaveLength(2);
    session.close();
  });

  it("tries at once when the network is back", async () => {
    const world = new HttpWorld();
    world.server.reach = "unreachable";
    world.agenda.in(20_000, () => {
      world.server.reach = "answers";
      world.wake("back");
    });
    const session = await world.connect(undefined, { retry: true });
    expect(world.agenda.now).toBeLessThan(20_050);
    session.close();
  });

  it("gives up after an error that will not pass", async () => {
    const world = new HttpWorld();
    const onRetry = vi.fn();
    const connecting = world.connect(`${ADDRESS}/v1/sessions/sess_unknown`, { retry: true, onRetry });
    await expect(connecting).rejects.toMatchObject({ code: "session_not_found", mayPass: false });
    expect(onRetry).not.toHaveBeenCalled();
  });

  it("can be aborted at any moment, and leaves nothing behind", async () => {
    for (let afterMs = 0; afterMs < 2_500; afterMs += 37) {
      const world = new HttpWorld();
      world.server.reach = "unreachable";
      const player = new AbortController();
      world.agenda.in(afterMs, () => player.abort(new Error("changed my mind")));
      const connecting = world.connect(undefined, { retry: true, signal: player.signal });
      await expect(connecting).rejects.toThrow("changed my mind");
      await world.pass(60_000);
      expect(world.leftovers).toEqual(NOTHING_LEFT);
      expect(getEventListeners(player.signal, "abort")).toEqual([]);
    }
  });

  it("goes on even if `onRetry` throws, which is reported as unhandled", async () => {
    const world = new HttpWorld();
    world.server.reach = "unreachable";
    world.agenda.in(5_000, () => {
      world.server.reach = "answers";
    });
    const reported = unhandledErrors();
    const onRetry = (): never => {
      throw new Error("a bug of the game");
    };
    const session = await world.connect(undefined, { retry: true, onRetry });
    expect(reported[0]).toEqual(new Error("a bug of the game"));
    session.close();
  });

  it("goes on after a timeout of the clock where signals have no reason", async () => {
    vi.stubGlobal(
      "AbortController",
      class extends AbortController {
        constructor() {
          super();
          Object.defineProperty(this.signal, "reason", { value: undefined });
        }
      },
    );
    const world = new HttpWorld();
    world.server.reach = "silent";
    world.agenda.in(12_000, () => {
      world.server.reach = "answers";
    });
    const failed: unknown[] = [];
    const onRetry = ({ error }: FailedAttempt): void => void failed.push(error);
    const session = await world.connect(undefined, { retry: true, onRetry });
    expect(failed[0]).toMatchObject({ name: "SessionError", code: "timeout" });
    session.close();
  });

  it("can be aborted when it tells of a failure, whatever the reason", async () => {
    const world = new HttpWorld();
    world.server.reach = "unreachable";
    const player = new AbortController();
    const reason = new SessionError("unreachable", "given up");
    const connecting = world.connect(undefined, {
      retry: true,
      signal: player.signal,
      onRetry: () => player.abort(reason),
    });
    await expect(connecting).rejects.toBe(reason);
    await world.pass(60_000);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });
});

describe("connecting with a record", () => {
  it("requests nothing but the time", async () => {
    const world = new HttpWorld();
    const address = world.server.store();
    const session = await world.connect(address, { record: structuredClone(RECORD) });
    expect(world.server.requestsTo("/v1/sessions")).toEqual([]);
    expect(session.record).toEqual(RECORD);
    session.close();
  });

  it("requests nothing at all with a clock that is ready", async () => {
    const world = new HttpWorld();
    const address = world.server.store();
    const clock = await world.agenda.until(openClock(ADDRESS, { platform: world.platform }));
    await world.passUntil(NOON + 3_450);
    world.server.reach = "unreachable";
    const { length } = world.server.received;
    const session = await world.connect(address, { record: RECORD, clock });
    expect(session.state()).toMatchObject({ step: 4 });
    expect(world.server.received).toHaveLength(length);
    session.close();
    clock.close();
  });

  it("hears of changes since", async () => {
    const world = new HttpWorld();
    const address = world.server.store();
    world.server.stop(NOON + 4_000);
    const session = await world.connect(address, { record: RECORD });
    await world.pass(1_000);
    expect(session.stoppedAt).toBe(NOON + 4_000);
    session.close();
  });

  it("rejects that of another session, of which it would hear nothing", async () => {
    const world = new HttpWorld();
    const record = { ...RECORD, id: "sess_other" };
    await expect(world.connect(`${world.server.store()}?token=a`, { record })).rejects.toMatchObject({
      code: "not_an_address",
      message: expect.stringContaining("sess_other"),
    });
    expect(world.leftovers).toEqual(NOTHING_LEFT);
    const session = await world.connect(`${world.server.store()}/?token=a`, { record: RECORD });
    session.close();
  });

  it("rejects one that is none, with the engine's error", async () => {
    const world = new HttpWorld();
    const record = { detail: "not found" } as unknown as typeof RECORD;
    const connecting = world.connect(world.server.store(), { record });
    await expect(connecting).rejects.toMatchObject({ name: "EngineError", code: "not_a_session" });
  });
});

describe("every request of a session", () => {
  it("has the query of its address", async () => {
    const world = new HttpWorld();
    const session = await world.connect(`${world.server.store()}?token=secret`);
    await world.pass(70_000);
    const { received, streams } = world.server;
    expect(received.filter(({ what }) => what.includes("/sessions/")).length).toBeGreaterThan(1);
    expect(received.filter(({ what }) => !what.includes("?token=secret"))).toEqual([]);
    expect([...streams].map(({ address }) => address)).toEqual([
      `${ADDRESS}/v1/sessions/${RECORD.id}/events?token=secret`,
    ]);
    session.close();
  });

  it("has the headers of `headers`, beside its own", async () => {
    const world = new HttpWorld();
    const headers = { authorization: "Bearer secret" };
    const session = await world.connect(undefined, { headers });
    await world.pass(70_000);
    const sent = world.server.received.map(({ init }) => new Headers(init.headers).get("authorization"));
    expect(new Set(sent)).toEqual(new Set(["Bearer secret"]));
    session.close();
    const clock = await world.agenda.until(openClock(ADDRESS, { headers, platform: world.platform }));
    await world.agenda.until(getSession(world.server.store(), { headers, platform: world.platform }));
    expect(world.server.received.every(({ init }) => new Headers(init.headers).has("authorization"))).toBe(
      true,
    );
    clock.close();
  });

  it.each([
    ["an instance of Headers", new Headers({ Authorization: "me" })],
    ["pairs", [["Authorization", "me"]]],
  ])("has those of %s too", async (_what, headers) => {
    const world = new HttpWorld();
    const session = await world.connect(undefined, { headers: headers as never });
    const sent = world.server.received.map(({ init }) => new Headers(init.headers).get("authorization"));
    expect(new Set(sent)).toEqual(new Set(["me"]));
    session.close();
  });
});

it("many sessions with one signal cause no warning of Node.js", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on("warning", note);
  const world = new HttpWorld();
  const player = new AbortController();
  const address = world.server.store();
  const clock = await world.agenda.until(
    openClock(ADDRESS, { platform: world.platform, signal: player.signal }),
  );
  const connecting = Array.from({ length: 30 }, () =>
    connect(address, { platform: world.platform, signal: player.signal, clock }),
  );
  const sessions = await world.agenda.until(Promise.all(connecting));
  await new Promise((resolve) => setTimeout(resolve, 1));
  process.off("warning", note);
  expect(warnings).toEqual([]);
  player.abort();
  expect(sessions.every(({ isClosed }) => isClosed)).toBe(true);
  expect(getEventListeners(player.signal, "abort")).toEqual([]);
});

it("an engine that fails to load is not reported as unhandled, whatever else fails first", async () => {
  const world = new HttpWorld();
  const { platform } = world;
  const engine = (): Promise<Response> => Promise.reject(new TypeError("fetch failed"));
  expect(await unhandledDuring(() => connect("sess_1", { platform, engine: engine() }))).toEqual([]);
  const signal = AbortSignal.abort();
  const address = world.server.store();
  expect(await unhandledDuring(() => connect(address, { platform, signal, engine: engine() }))).toEqual([]);
  // The engine is loaded already, so this promise is not even used.
  expect(
    await unhandledDuring(async () => (await world.connect(address, { engine: engine() })).close()),
  ).toEqual([]);
});
