import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";

import { request } from "../../src/http/request.js";
import { ServerError, SessionError } from "../../src/index.js";
import { ADDRESS, errorResponse, HttpWorld, json } from "../world/http-world.js";

const TIME = `${ADDRESS}/v1/time`;

/** Returns the error of a request with this response. */
async function failure(answer: () => Response): Promise<unknown> {
  const world = new HttpWorld();
  world.server.interpose = answer;
  const error = await world.agenda.until(request(world.platform, TIME)).catch((reason: unknown) => reason);
  expect(world.leftovers.timers).toBe(0);
  return error;
}

describe("a request returns or throws", () => {
  it("the JSON of the response", async () => {
    const world = new HttpWorld();
    world.server.interpose = () => json({ one: 1 });
    expect(await world.agenda.until(request(world.platform, TIME))).toEqual({ one: 1 });
    expect(world.leftovers.timers).toBe(0);
  });

  it("an error response, with its whole body", async () => {
    const error = (await failure(() => errorResponse("session_not_found", 404))) as ServerError;
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({
      name: "ServerError",
      code: "session_not_found",
      status: 404,
      message: "error: session_not_found",
      problem: { code: "session_not_found", title: "session_not_found" },
    });
    expect(error.retryAfterSeconds).toBeUndefined();
  });

  it("when to try again, if the server says so", async () => {
    const problem = await errorResponse("store_unavailable", 503).text();
    const headers = { "retry-after": "7" };
    expect(await failure(() => new Response(problem, { status: 503, headers }))).toMatchObject({
      retryAfterSeconds: 7,
    });
  });

  it.each([
    ["by the server's clock, however wrong the device's", { date: "Sun, 06 Nov 1994 08:49:37 GMT" }, 30],
    ["unless the server's time is unknown", {}, undefined],
  ])("when to try again, if that is a date: %s", async (_how, date, retryAfterSeconds) => {
    const headers = { ...date, "retry-after": "Sun, 06 Nov 1994 08:50:07 GMT" };
    expect(await failure(() => new Response("busy", { status: 503, headers }))).toMatchObject({
      retryAfterSeconds,
    });
  });

  it.each([
    [
      "a page of a proxy",
      () => new Response("<h1>Bad Gateway</h1>", { status: 502, statusText: "Bad Gateway" }),
    ],
    ["other JSON", () => json({ error: "no" }, { status: 500 })],
    ["something other than JSON", () => new Response("welcome", { status: 200 })],
    ["nothing", () => new Response(null, { status: 204 })],
    ["null instead of a problem", () => json(null, { status: 500 })],
  ])("an error for %s", async (_what, answer) => {
    const error = await failure(answer);
    expect(error).toBeInstanceOf(SessionError);
    expect(error).toMatchObject({ code: "bad_answer", message: expect.stringContaining(TIME) });
  });

  it("an error with its cause if the server is unreachable", async () => {
    const world = new HttpWorld();
    world.server.reach = "unreachable";
    const error = await world.agenda.until(request(world.platform, TIME)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionError);
    expect(error).toMatchObject({
      code: "unreachable",
      message: `no response from ${TIME}: fetch failed`,
      cause: expect.any(TypeError),
    });
  });

  it("a timeout after ten seconds without a response", async () => {
    const world = new HttpWorld();
    world.server.reach = "silent";
    const error = await world.agenda.until(request(world.platform, TIME)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "SessionError", code: "timeout" });
    expect(world.agenda.now).toBe(10_000);
    expect(world.leftovers).toMatchObject({ timers: 0, requests: 0 });
  });
});

describe("an error in a program is not one of the network:", () => {
  it.each([
    [
      "a `fetch` that throws",
      () => {
        throw new TypeError("address.trim is not a function");
      },
    ],
    ["a `fetch` that returns no promise", () => undefined],
    ["a `fetch` that resolves to no response", () => Promise.resolve({})],
  ])("%s", async (_what, fetch) => {
    const world = new HttpWorld();
    const network = { ...world.platform, fetch: fetch as unknown as typeof globalThis.fetch };
    await expect(world.agenda.until(request(network, TIME))).rejects.toBeInstanceOf(TypeError);
    expect(world.leftovers.timers).toBe(0);
  });
});

it("a response that breaks off means that the server is unreachable", async () => {
  const text = () => Promise.reject(new TypeError("terminated"));
  const error = await failure(() => Object.assign(new Response(), { text }));
  expect(error).toMatchObject({ code: "unreachable", cause: expect.any(TypeError) });
});

describe("where `fetch` does not follow signals, and signals have no reason,", () => {
  const silent = () => new Promise<Response>(() => undefined);

  it("an aborted request rejects all the same", async () => {
    const world = new HttpWorld();
    const signal = Object.assign(new EventTarget(), { aborted: false }) as AbortSignal;
    const asking = request({ ...world.platform, fetch: silent }, TIME, {}, signal);
    world.agenda.in(5, () => signal.dispatchEvent(new Event("abort")));
    await expect(world.agenda.until(asking)).rejects.toMatchObject({ name: "AbortError" });
    expect(world.leftovers.timers).toBe(0);
  });

  it("an aborted signal rejects before the request", async () => {
    const world = new HttpWorld();
    const signal = Object.assign(new EventTarget(), { aborted: true }) as AbortSignal;
    await expect(request(world.platform, TIME, {}, signal)).rejects.toMatchObject({ name: "AbortError" });
  });

  it("a request times out", async () => {
    const world = new HttpWorld();
    const asking = request({ ...world.platform, fetch: silent }, TIME);
    await expect(world.agenda.until(asking)).rejects.toMatchObject({ code: "timeout" });
  });
});

describe("an aborted request", () => {
  it("is not sent, if it was aborted before", async () => {
    const world = new HttpWorld();
    const reason = new Error("changed my mind");
    await expect(request(world.platform, TIME, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(world.server.received).toEqual([]);
  });

  it("rejects with the reason while it is in flight, and leaves nothing behind", async () => {
    const world = new HttpWorld();
    const player = new AbortController();
    const asking = request(world.platform, TIME, {}, player.signal);
    world.agenda.in(5, () => player.abort(new Error("changed my mind")));
    await expect(world.agenda.until(asking)).rejects.toThrow("changed my mind");
    expect(world.leftovers).toMatchObject({ timers: 0, requests: 0 });
    expect(getEventListeners(player.signal, "abort")).toEqual([]);
  });

  it("rejects with an AbortError if there is no reason", async () => {
    const world = new HttpWorld();
    const player = new AbortController();
    const asking = request(world.platform, TIME, {}, player.signal);
    player.abort();
    await expect(world.agenda.until(asking)).rejects.toMatchObject({ name: "AbortError" });
  });

  it("keeps its response, if it was aborted after", async () => {
    const world = new HttpWorld();
    const player = new AbortController();
    await world.agenda.until(request(world.platform, TIME, {}, player.signal));
    expect(getEventListeners(player.signal, "abort")).toEqual([]);
  });
});

it("an error has the status of the response, whatever its body says", async () => {
  const problem = { code: "session_not_found", detail: "no such session", status: 200 };
  const timers = { set: () => () => undefined };
  const fetch = async (): Promise<Response> => new Response(JSON.stringify(problem), { status: 503 });
  await expect(request({ fetch, timers }, "https://ticks.example/v1/time")).rejects.toMatchObject({
    status: 503,
    mayPass: true,
  });
});
