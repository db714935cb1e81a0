/** What happens while the code of live sessions does not load. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { SessionError } from "../../src/http/error.js";
import type { FailedAttempt } from "../../src/index.js";
import * as code from "../../src/session/live-code.js";
import { HttpWorld, NOTHING_LEFT } from "../world/http-world.js";

let load: () => object | Promise<object>;
let attempts = 0;

beforeEach(() => {
  attempts = 0;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("the loader", () => {
  const LiveSession = class {};

  /** The loader of a page that has just been loaded. */
  async function newLoader(): Promise<typeof code> {
    vi.resetModules();
    vi.doMock("../../src/session/live.js", () => {
      attempts += 1;
      return load();
    });
    return await import("../../src/session/live-code.js");
  }

  afterEach(() => {
    vi.doUnmock("../../src/session/live.js");
    vi.resetModules();
  });

  it("fails with an error that may pass, and tries again at the next call", async () => {
    const { loadLiveSession } = await newLoader();
    load = () => {
      throw new Error("not found");
    };
    const error = await loadLiveSession(Promise.resolve()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "SessionError", code: "unreachable", mayPass: true });
    expect(error).toHaveProperty("message", expect.stringContaining("could not load the rest of its code: "));
    load = () => ({ LiveSession });
    expect(await loadLiveSession(Promise.resolve())).toBe(LiveSession);
    expect(await loadLiveSession(Promise.resolve())).toBe(LiveSession);
    expect(attempts).toBe(2);
  });

  it("does not wait for the server", async () => {
    const { loadLiveSession } = await newLoader();
    load = () => ({ LiveSession });
    expect(await loadLiveSession(new Promise(() => undefined))).toBe(LiveSession);
  });

  it("waits for the server while the browser says that it is offline", async () => {
    const { loadLiveSession } = await newLoader();
    load = () => ({ LiveSession });
    vi.stubGlobal("navigator", { onLine: false });
    await expect(loadLiveSession(Promise.reject(new Error("offline")))).rejects.toThrow("offline");
    expect(attempts).toBe(0);
    expect(await loadLiveSession(Promise.resolve())).toBe(LiveSession);
  });
});

describe("connecting", () => {
  const lost = new SessionError("unreachable", "tickseed could not load the rest of its code");

  it("ends with the error, and leaves nothing behind", async () => {
    vi.spyOn(code, "loadLiveSession").mockRejectedValue(lost);
    const world = new HttpWorld();
    await expect(world.connect()).rejects.toBe(lost);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("tries again with `retry`", async () => {
    vi.spyOn(code, "loadLiveSession").mockRejectedValueOnce(lost);
    const world = new HttpWorld();
    const failed: FailedAttempt[] = [];
    const connecting = world.connect(undefined, { retry: true, onRetry: (attempt) => failed.push(attempt) });
    await world.pass(60_000);
    const session = await connecting;
    expect(failed).toMatchObject([{ error: lost }]);
    expect(session.state().step).toBeGreaterThan(0);
    session.close();
  });
});
