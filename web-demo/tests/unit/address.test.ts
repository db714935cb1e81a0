import { expect, test, vi } from "vitest";

import { linkTo, wantedBy, withSession } from "../../src/address.js";

test("an address says what the visitor wants", () => {
  expect(wantedBy("https://host/?session=sess_1&api=https://ticks.example/&fault=seed&players=8")).toEqual({
    server: "https://ticks.example",
    session: "sess_1",
    fault: "seed",
    players: 8,
  });
  expect(wantedBy("https://host/folder/?fault=none&players=9")).toEqual({
    server: "https://host",
    session: undefined,
    fault: undefined,
    players: 4,
  });
});

test("a link holds the session and its server, and nothing else of the page's address", () => {
  expect(linkTo("sess_1", "https://host/folder/?api=https://ticks.example&fault=seed&token=tst_0#x")).toBe(
    "https://host/folder/?session=sess_1&api=https%3A%2F%2Fticks.example",
  );
  expect(withSession("sess_2", "https://host/?session=sess_1&players=2")).toBe(
    "https://host/?session=sess_2&players=2",
  );
});

test.each([
  "javascript:alert(1)//",
  "data:text/html,x",
  "ftp://ticks.example",
  "//ticks.example",
  "ticks.example",
  "",
  "https://name@ticks.example",
  "https://name:word@ticks.example",
  "https://ticks.example/folder",
  "https://ticks.example/?a=1",
  "https://ticks.example/#a",
])("the server %o is refused: the page says so, asks nobody, and no link names it", async (api) => {
  const page = `https://host/?api=${encodeURIComponent(api)}`;
  const wanted = wantedBy(page);
  expect(wanted.server).toBe("https://host");
  expect(wanted.problem).toContain("api must be an http or https address");
  expect(linkTo("sess_1", page)).toBe("https://host/?session=sess_1");

  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("document", new EventTarget());
  const asked = vi.fn();
  vi.stubGlobal("fetch", asked);
  const { App } = await import("../../src/app.js");
  const app = new App(wanted, () => undefined);
  await app.start();
  await app.renew({ tickMs: 100 });
  expect(app.trouble).toEqual({ kind: "broken", words: wanted.problem });
  expect(asked).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});

test("a link names the server as it was understood", () => {
  expect(linkTo("sess_1", "https://host/?api=HTTPS://Ticks.Example:443/")).toBe(
    "https://host/?session=sess_1&api=https%3A%2F%2Fticks.example",
  );
});
