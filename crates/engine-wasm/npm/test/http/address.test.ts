import { afterEach, describe, expect, it, vi } from "vitest";

import { serverAddress, sessionAddress } from "../../src/http/address.js";

const no = expect.objectContaining({ name: "SessionError", code: "not_an_address" });

afterEach(() => vi.unstubAllGlobals());

/** Returns all addresses of a session. */
function all(address: string | URL): Record<string, string> {
  const { session, events, time, action } = sessionAddress(address);
  return { session, events, time, stop: action("stop") };
}

describe("the address of a session", () => {
  it("has the origin of its server", () => {
    expect(sessionAddress("https://me:secret@ticks.example:8080/a/v1/sessions/sess_1?token=a").origin).toBe(
      "https://ticks.example:8080",
    );
  });

  it.each([
    "https://ticks.example/v1/sessions/sess_1",
    "https://ticks.example/v1/sessions/sess_1/",
    "https://ticks.example/v1/sessions/sess_1#top",
    new URL("https://ticks.example/v1/sessions/sess_1"),
  ])("%s leads to the other addresses", (address) => {
    expect(all(address)).toEqual({
      session: "https://ticks.example/v1/sessions/sess_1",
      events: "https://ticks.example/v1/sessions/sess_1/events",
      stop: "https://ticks.example/v1/sessions/sess_1/stop",
      time: "https://ticks.example/v1/time",
    });
  });

  it("gives its query to all of them", () => {
    expect(all("https://ticks.example/v1/sessions/sess_1?token=a%26b#top")).toEqual({
      session: "https://ticks.example/v1/sessions/sess_1?token=a%26b",
      events: "https://ticks.example/v1/sessions/sess_1/events?token=a%26b",
      stop: "https://ticks.example/v1/sessions/sess_1/stop?token=a%26b",
      time: "https://ticks.example/v1/time?token=a%26b",
    });
  });

  it("may be behind the path of a proxy, and on any port", () => {
    expect(all("http://localhost:8080/games/ticks/v1/sessions/sess_1")).toEqual({
      session: "http://localhost:8080/games/ticks/v1/sessions/sess_1",
      events: "http://localhost:8080/games/ticks/v1/sessions/sess_1/events",
      stop: "http://localhost:8080/games/ticks/v1/sessions/sess_1/stop",
      time: "http://localhost:8080/games/ticks/v1/time",
    });
  });

  it("that is relative fails clearly where there is no page", () => {
    for (const document of [undefined, { baseURI: "" }]) {
      vi.stubGlobal("document", document);
      expect(() => sessionAddress("/v1/sessions/sess_1")).toThrow(
        'got "/v1/sessions/sess_1", which is not absolute, and there is no page to resolve it against',
      );
    }
  });

  it("may be absolute in a document without an address", () => {
    vi.stubGlobal("document", { baseURI: "" });
    expect(sessionAddress("https://ticks.example/v1/sessions/sess_1").time).toBe(
      "https://ticks.example/v1/time",
    );
  });

  it.each(["/v1/sessions/sess_1", "//ticks.example/v1/sessions/sess_1", "../v1/sessions/sess_1"])(
    "may be relative to the page: %s",
    (address) => {
      vi.stubGlobal("document", { baseURI: "https://ticks.example/game/index.html" });
      expect(sessionAddress(address).time).toBe("https://ticks.example/v1/time");
    },
  );

  it("may be relative to a worker", () => {
    vi.stubGlobal("location", { href: "https://ticks.example/game/worker.js" });
    expect(sessionAddress("/v1/sessions/sess_1").time).toBe("https://ticks.example/v1/time");
  });

  it.each([
    "sess_1",
    "",
    "https://ticks.example",
    "https://ticks.example/v1/sessions",
    "https://ticks.example/v1/sessions/",
    "https://ticks.example/v1/sessions/sess_1/events",
    "file:///v1/sessions/sess_1",
    "data:text/plain,/v1/sessions/sess_1",
    undefined,
    null,
    {},
  ])("is not %j", (address) => {
    expect(() => sessionAddress(address as string)).toThrow(no);
  });
});

describe("the address of a server", () => {
  it.each([
    ["https://ticks.example", "https://ticks.example/v1/time"],
    ["https://ticks.example/", "https://ticks.example/v1/time"],
    ["https://ticks.example/games/ticks/", "https://ticks.example/games/ticks/v1/time"],
    ["https://ticks.example/?token=1", "https://ticks.example/v1/time?token=1"],
    [new URL("http://localhost:8080"), "http://localhost:8080/v1/time"],
  ])("%s leads to its endpoints", (address, time) => {
    expect(serverAddress(address, "/v1/time")).toBe(time);
  });

  it.each(["ticks.example", "", "file:///", null])("is not %j", (address) => {
    expect(() => serverAddress(address as string, "/v1/time")).toThrow(no);
  });
});
