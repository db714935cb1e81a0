import { describe, expect, test, vi } from "vitest";

import {
  type HandedOut,
  isSameVersion,
  Refused,
  Server,
  type SessionAnswer,
  type StateAnswer,
  Unreachable,
} from "../../src/server.js";
import { type TokenStorage, Tokens } from "../../src/tokens.js";
import { PAUSE_MS, type Watcher, watch } from "../../src/watch.js";

/** A server that gives the same response to every request. */
function answering(status: number, text: string): Server {
  return new Server(() => Promise.resolve(new Response(text, { status })));
}

describe("the server", () => {
  test("returns a session together with its text", async () => {
    const text = '{"id":"sess_1", "seed":"ü"}';
    const handedOut = await answering(200, text).session("sess_1");
    expect(handedOut).toEqual({
      session: { id: "sess_1", seed: "ü" },
      text,
      order: 1,
      settledUntil: undefined,
    });
  });

  test("tells in which order it was asked for sessions, whatever is answered first", async () => {
    const answers: ((response: Response) => void)[] = [];
    const server = new Server(() => new Promise((resolve) => answers.push(resolve)));
    const asked = [server.session("sess_1"), server.session("sess_1")];
    for (const answer of answers.reverse()) {
      answer(new Response("{}"));
    }
    const [first, second] = await Promise.all(asked);
    expect(first?.order).toBeLessThan(second?.order ?? 0);
  });

  test("returns until when a session is settled", async () => {
    const headers = { "Tickseed-Settled-Until": "2026-11-23T12:00:03.000Z" };
    const server = new Server(() => Promise.resolve(new Response("{}", { headers })));
    expect((await server.session("sess_1")).settledUntil).toBe(Date.UTC(2026, 10, 23, 12, 0, 3));
  });

  test.each([
    [undefined, "{}"],
    [Date.UTC(2026, 10, 23, 12, 0, 3), '{"at":"2026-11-23T12:00:03.000Z"}'],
  ])("receives a stop at an instant, or as early as it allows: %s", async (at, body) => {
    const fetcher = vi.fn<typeof fetch>(() => Promise.resolve(new Response("{}")));
    await new Server(fetcher).stop("sess_1", at);
    expect(fetcher).toHaveBeenCalledWith("/v1/sessions/sess_1/stop", expect.objectContaining({ body }));
  });

  test("receives a change of the pace", async () => {
    const fetcher = vi.fn<typeof fetch>(() => Promise.resolve(new Response("{}")));
    await new Server(fetcher).change("sess_1", { action: "rate", content: { tick_ms: 50 } });
    expect(fetcher).toHaveBeenCalledWith(
      "/v1/sessions/sess_1/rate",
      expect.objectContaining({ method: "POST", body: '{"tick_ms":50}' }),
    );
  });

  test("returns the time, with the moments of the request and the response", async () => {
    const server = answering(200, '{"now_ms":5,"received_us":5000,"sent_us":5001}');
    const { askedUs, receivedUs, sentUs, answeredUs } = await server.time((ms) => Math.round(ms * 1_000));
    expect([receivedUs, sentUs]).toEqual([5_000, 5_001]);
    expect(answeredUs).toBeGreaterThanOrEqual(askedUs);
  });

  test("refuses a request with a code", async () => {
    const problem = '{"code":"session_not_found","detail":"there is no session sess_1"}';
    const asked = answering(404, problem).session("sess_1");
    await expect(asked).rejects.toBeInstanceOf(Refused);
    await expect(asked).rejects.toMatchObject({ code: "session_not_found" });
  });

  test.each([
    [
      "there is no response",
      new Server(() => Promise.reject(new TypeError("Failed to fetch"))),
      "no response",
    ],
    ["it fails", answering(503, ""), "the response was 503"],
    ["something else answers", answering(200, "<h1>Log in</h1>"), "the response was not JSON"],
    ["something else refuses", answering(404, "<h1>Nothing</h1>"), "the response was not JSON"],
  ])("counts as unreachable if %s", async (_, server, message) => {
    const asked = server.session("sess_1");
    await expect(asked).rejects.toBeInstanceOf(Unreachable);
    await expect(asked).rejects.toMatchObject({ message });
  });
});

describe("the control token of a session", () => {
  const TOKEN = "tst_0123456789abcdef0123456789abcdef";
  const text = '{"id":"sess_1","seed":"a"}';
  const wish = { tick_ms: 100, rules: {}, notice_ms: 0 };

  /** A server that hands out a token, and the requests that it received. */
  function handingOut(
    storage: TokenStorage | undefined,
    created = text.replace("}", `,"control_token":"${TOKEN}"}`),
  ) {
    const fetcher = vi.fn<typeof fetch>(() => Promise.resolve(new Response(created)));
    const authorization = (): unknown[] =>
      fetcher.mock.calls.map(([, init]) => new Headers(init?.headers).get("authorization"));
    return { server: new Server(fetcher, new Tokens(storage)), authorization };
  }

  function storage(): TokenStorage & { readonly entries: Map<string, string> } {
    const entries = new Map<string, string>();
    return {
      entries,
      getItem: (name) => entries.get(name) ?? null,
      setItem: (name, value) => void entries.set(name, value),
    };
  }

  test("is neither in the session nor in the text that the page shows", async () => {
    const { server } = handingOut(storage());
    const handedOut = await server.create(wish);
    expect(handedOut.text).toBe(text);
    expect(handedOut.session).toEqual(JSON.parse(text));
    const spaced = handingOut(storage(), `{"control_token": "${TOKEN}", "id": "sess_1"}`);
    expect(JSON.stringify(await spaced.server.create(wish))).not.toContain(TOKEN);
  });

  test("goes with changes and stops of that session, and with no read", async () => {
    const { server, authorization } = handingOut(storage());
    await server.create(wish);
    await server.stop("sess_1", undefined);
    await server.change("sess_1", { action: "pause", content: {} });
    await server.change("sess_2", { action: "pause", content: {} });
    await server.session("sess_1");
    await server.state("sess_1");
    expect(authorization()).toEqual([null, `Bearer ${TOKEN}`, `Bearer ${TOKEN}`, null, null, null]);
  });

  test("outlives a reload of the tab", async () => {
    const kept = storage();
    await handingOut(kept).server.create(wish);
    const reloaded = handingOut(kept);
    await reloaded.server.stop("sess_1", undefined);
    expect(reloaded.authorization()).toEqual([`Bearer ${TOKEN}`]);
  });

  test.each<[string, TokenStorage | undefined]>([
    ["is missing", undefined],
    ["throws", { getItem: () => fail(), setItem: () => fail() }],
  ])("works on the page if the storage %s", async (_what, forbidden) => {
    const { server, authorization } = handingOut(forbidden);
    await server.create(wish);
    await server.stop("sess_1", undefined);
    await server.stop("sess_2", undefined);
    expect(authorization()).toEqual([null, `Bearer ${TOKEN}`, null]);
  });

  test("is not kept if there is none", async () => {
    const kept = storage();
    const { server, authorization } = handingOut(kept, text);
    await server.create(wish);
    await server.stop("sess_1", undefined);
    expect(authorization()).toEqual([null, null]);
    expect(kept.entries.size).toBe(0);
  });

  function fail(): never {
    throw new Error("forbidden");
  }
});

describe("the version of a session", () => {
  const schedule = [{ at: "2026-11-23T12:00:03.000Z", paused: true as const }];
  const session = {
    revision: 2,
    engine_version: 1,
    requires: ["schedule"],
    schedule,
  } as Partial<SessionAnswer> as SessionAnswer;

  test.each<[string, Partial<SessionAnswer>]>([
    ["revision", { revision: 3 }],
    ["engine version", { engine_version: 2 }],
    ["requirements", { requires: ["schedule", "teams"] }],
    ["schedule", { schedule: [] }],
    ["stop", { stopped_at: "2026-11-23T12:00:05.000Z" }],
  ])("differs with another %s", (_what, change) => {
    expect(isSameVersion(session, { ...session, ...change })).toBe(false);
  });

  test("is the same when only the status has changed", () => {
    expect(isSameVersion(session, { ...session, ...{ status: "paused" } })).toBe(true);
  });
});

describe("watching the server", () => {
  const session = { id: "sess_1", stopped_at: null } as SessionAnswer;
  const state = { status: "running", computed_at: "2026-11-23T12:00:03.000Z" } as StateAnswer;

  const handedOut = (of: SessionAnswer): HandedOut => ({
    session: of,
    text: "",
    order: 1,
    settledUntil: undefined,
  });

  /** Watches until a state is reported, or a failure. */
  async function watchOnce(server: Pick<Server, "session" | "state">): Promise<readonly unknown[][]> {
    const reported: unknown[][] = [];
    const end = new AbortController();
    const watcher: Watcher = {
      session: (...what) => void reported.push(["session", ...what]),
      state: (...what) => {
        reported.push(["state", ...what]);
        end.abort();
      },
      silence: () => {
        reported.push(["silence"]);
        end.abort();
      },
      gone: () => void reported.push(["gone"]),
    };
    await watch(server, session, watcher, end.signal);
    return reported;
  }

  test("reports the session before the state", async () => {
    const reported = await watchOnce({
      session: () => Promise.resolve(handedOut(session)),
      state: () => Promise.resolve(state),
    });
    expect(reported).toEqual([
      ["session", handedOut(session)],
      ["state", state],
    ]);
  });

  test.each([
    ["stopped", { stopped_at: "2026-11-23T12:00:02.500Z" }],
    ["paused", { schedule: [{ at: "2026-11-23T12:00:02.500Z", paused: true as const }] }],
    ["given another rate", { schedule: [{ at: "2026-11-23T12:00:02.500Z", tick_ms: 50 }] }],
  ])("does not compare the state with a session that was %s in between", async (_what, change) => {
    const changed = { ...session, ...change };
    vi.useFakeTimers();
    const watching = watchOnce({
      session: () => Promise.resolve(handedOut(changed)),
      state: () => Promise.resolve(state),
    });
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    vi.useRealTimers();
    const reported = await watching;
    expect(reported).toEqual([
      ["session", handedOut(changed)],
      ["session", handedOut(changed)],
      ["state", state],
    ]);
  });

  test("asks for the state before the session, which is then never the older one", async () => {
    const asked: string[] = [];
    await watchOnce({
      session: () => {
        asked.push("session");
        return Promise.resolve(handedOut(session));
      },
      state: () => {
        asked.push("state");
        return Promise.resolve(state);
      },
    });
    expect(asked).toEqual(["state", "session"]);
  });

  test("reports silence", async () => {
    const reported = await watchOnce({
      session: () => Promise.reject(new Unreachable("no response")),
      state: () => Promise.resolve(state),
    });
    expect(reported).toEqual([["silence"]]);
  });

  test("does not call an answer that cannot be used silence", async () => {
    const useless = new Error("the session requires something unknown");
    const silence = vi.fn();
    const watching = watch(
      { session: () => Promise.resolve(handedOut(session)), state: () => Promise.resolve(state) },
      session,
      {
        session: () => {
          throw useless;
        },
        state: () => undefined,
        silence,
        gone: () => undefined,
      },
      new AbortController().signal,
    );
    await expect(watching).rejects.toBe(useless);
    expect(silence).not.toHaveBeenCalled();
  });

  test("ends when the session is gone", async () => {
    const reported = await watchOnce({
      session: () => Promise.reject(new Refused("session_not_found", "there is no session sess_1")),
      state: () => Promise.resolve(state),
    });
    expect(reported).toEqual([["gone"]]);
  });
});
