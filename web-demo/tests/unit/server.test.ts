import { describe, expect, test, vi } from "vitest";

import { Refused, Server, type SessionAnswer, type StateAnswer, Unreachable } from "../../src/server.js";
import { type Watcher, watch } from "../../src/watch.js";

/** A server that gives the same response to every request. */
function answering(status: number, text: string): Server {
  return new Server(() => Promise.resolve(new Response(text, { status })));
}

describe("the server", () => {
  test("returns a session together with its text", async () => {
    const text = '{"id":"sess_1", "seed":"ü"}';
    const handedOut = await answering(200, text).session("sess_1");
    expect(handedOut).toEqual({ session: { id: "sess_1", seed: "ü" }, text });
  });

  test("receives the instant of a stop", async () => {
    const fetcher = vi.fn<typeof fetch>(() => Promise.resolve(new Response("{}")));
    await new Server(fetcher).stop("sess_1", Date.parse("2026-11-23T12:00:03.000Z"));
    expect(fetcher).toHaveBeenCalledWith(
      "/v1/sessions/sess_1/stop",
      expect.objectContaining({ method: "POST", body: '{"at":"2026-11-23T12:00:03.000Z"}' }),
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

describe("watching the server", () => {
  const session = { id: "sess_1", stopped_at: null } as SessionAnswer;
  const state = { status: "running", computed_at: "2026-11-23T12:00:03.000Z" } as StateAnswer;

  /** Watches until the first round of requests has succeeded or failed. */
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
    await watch(server, "sess_1", watcher, end.signal);
    return reported;
  }

  test("reports the session before the state", async () => {
    const reported = await watchOnce({
      session: () => Promise.resolve({ session, text: "" }),
      state: () => Promise.resolve(state),
    });
    expect(reported).toEqual([
      ["session", session],
      ["state", state],
    ]);
  });

  test("reads the session again if it was stopped in between", async () => {
    const stopped = { ...session, stopped_at: "2026-11-23T12:00:02.500Z" };
    const answers = [session, stopped];
    const reported = await watchOnce({
      session: () => Promise.resolve({ session: answers.shift() ?? stopped, text: "" }),
      state: () => Promise.resolve({ ...state, status: "stopped" }),
    });
    expect(reported[0]).toEqual(["session", stopped]);
  });

  test("reports silence", async () => {
    const reported = await watchOnce({
      session: () => Promise.reject(new Unreachable("no response")),
      state: () => Promise.resolve(state),
    });
    expect(reported).toEqual([["silence"]]);
  });

  test("ends when the session is gone", async () => {
    const reported = await watchOnce({
      session: () => Promise.reject(new Refused("session_not_found", "there is no session sess_1")),
      state: () => Promise.resolve(state),
    });
    expect(reported).toEqual([["gone"]]);
  });
});
