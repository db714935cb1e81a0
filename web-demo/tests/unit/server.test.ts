import { describe, expect, test, vi } from "vitest";

import { Refused, Server, type SessionAnswer, type StateAnswer, Unreachable } from "../../src/server.js";
import { type Watcher, watch } from "../../src/watch.js";

/** A server that gives one answer to everything. */
function answering(status: number, text: string): Server {
  return new Server(() => Promise.resolve(new Response(text, { status })));
}

describe("the server", () => {
  test("hands out a session together with its text", async () => {
    const text = '{"id":"sess_1", "seed":"ü"}';
    const handedOut = await answering(200, text).session("sess_1");
    expect(handedOut).toEqual({ session: { id: "sess_1", seed: "ü" }, text });
  });

  test("is asked to stop at an instant", async () => {
    const fetcher = vi.fn<typeof fetch>(() => Promise.resolve(new Response("{}")));
    await new Server(fetcher).stop("sess_1", Date.parse("2026-11-23T12:00:03.000Z"));
    expect(fetcher).toHaveBeenCalledWith(
      "/v1/sessions/sess_1/stop",
      expect.objectContaining({ method: "POST", body: '{"at":"2026-11-23T12:00:03.000Z"}' }),
    );
  });

  test("tells the time, and the page when it asked and was answered", async () => {
    const server = answering(200, '{"now_ms":5,"received_us":5000,"sent_us":5001}');
    const { askedUs, receivedUs, sentUs, answeredUs } = await server.time((ms) => Math.round(ms * 1_000));
    expect([receivedUs, sentUs]).toEqual([5_000, 5_001]);
    expect(answeredUs).toBeGreaterThanOrEqual(askedUs);
  });

  test("refuses with a code", async () => {
    const problem = '{"code":"session_not_found","detail":"there is no session sess_1"}';
    const asked = answering(404, problem).session("sess_1");
    await expect(asked).rejects.toBeInstanceOf(Refused);
    await expect(asked).rejects.toMatchObject({ code: "session_not_found" });
  });

  test.each([
    ["no answer comes", new Server(() => Promise.reject(new TypeError("Failed to fetch"))), "no answer came"],
    ["it fails", answering(503, ""), "the answer was 503"],
    ["something else answers", answering(200, "<h1>Log in</h1>"), "the answer was not JSON"],
    ["something else refuses", answering(404, "<h1>Nothing</h1>"), "the answer was not JSON"],
  ])("counts as unreachable if %s", async (_, server, message) => {
    const asked = server.session("sess_1");
    await expect(asked).rejects.toBeInstanceOf(Unreachable);
    await expect(asked).rejects.toMatchObject({ message });
  });
});

describe("watching the server", () => {
  const session = { id: "sess_1", stopped_at: null } as SessionAnswer;
  const state = { status: "running", computed_at: "2026-11-23T12:00:03.000Z" } as StateAnswer;

  /** Watches until one question has been answered, or not. */
  async function watchOnce(server: Pick<Server, "session" | "state">): Promise<readonly unknown[][]> {
    const told: unknown[][] = [];
    const end = new AbortController();
    const watcher: Watcher = {
      session: (...what) => void told.push(["session", ...what]),
      state: (...what) => {
        told.push(["state", ...what]);
        end.abort();
      },
      silence: () => {
        told.push(["silence"]);
        end.abort();
      },
      gone: () => void told.push(["gone"]),
    };
    await watch(server, "sess_1", watcher, end.signal);
    return told;
  }

  test("tells the session before the state", async () => {
    const told = await watchOnce({
      session: () => Promise.resolve({ session, text: "" }),
      state: () => Promise.resolve(state),
    });
    expect(told).toEqual([
      ["session", session],
      ["state", state],
    ]);
  });

  test("reads the session again if it was stopped in between", async () => {
    const stopped = { ...session, stopped_at: "2026-11-23T12:00:02.500Z" };
    const answers = [session, stopped];
    const told = await watchOnce({
      session: () => Promise.resolve({ session: answers.shift() ?? stopped, text: "" }),
      state: () => Promise.resolve({ ...state, status: "stopped" }),
    });
    expect(told[0]).toEqual(["session", stopped]);
  });

  test("tells of silence", async () => {
    const told = await watchOnce({
      session: () => Promise.reject(new Unreachable("no answer came")),
      state: () => Promise.resolve(state),
    });
    expect(told).toEqual([["silence"]]);
  });

  test("ends when the session is gone", async () => {
    const told = await watchOnce({
      session: () => Promise.reject(new Refused("session_not_found", "there is no session sess_1")),
      state: () => Promise.resolve(state),
    });
    expect(told).toEqual([["gone"]]);
  });
});
