/** Mistakes that TypeScript refuses, in JavaScript. Unnoticed, they would have no effect. */
import { describe, expect, it } from "vitest";

import { connect, createSession, openClock } from "../../src/index.js";
import { ADDRESS, HttpWorld } from "../world/http-world.js";

const server = "https://ticks.example";

describe("connect refuses", () => {
  it.each([
    [{ retrys: true }, "unknown_option", /^there is no option "retrys"; the options are .*\bretry\b/],
    [{ catchUp: "none" }, "unknown_option", 'catchUp must be "recent", "all" or "latest", got "none"'],
    [{ catchUp: 2 }, "unknown_option", 'catchUp must be "recent", "all" or "latest", got 2'],
  ])("%j", async (options, code, message) => {
    const { platform } = new HttpWorld();
    const connecting = connect(ADDRESS, { platform, ...options } as never);
    await expect(connecting).rejects.toMatchObject({ code });
    await expect(connecting).rejects.toThrow(message);
  });
});

it("ahead refuses an option that does not exist", async () => {
  const world = new HttpWorld();
  const session = await world.connect();
  const plan = (): unknown => session.ahead(200, () => undefined, { audoi: undefined } as never);
  expect(plan).toThrow('there is no option "audoi"; the options are audio');
  session.close();
});

it.each([[`${server}/v1/sessions`], [`${server}/v1`], [`${server}/behind/v1/time`]])(
  "the address of a server ends before /v1: %s",
  async (address) => {
    const refused = { code: "not_an_address", message: expect.stringContaining("ends before /v1") };
    await expect(createSession(address, { tickMs: 100 })).rejects.toMatchObject(refused);
    await expect(openClock(address)).rejects.toMatchObject(refused);
  },
);

it.each([[undefined], [0.5], ["100"]])(
  "a new session needs a whole number of milliseconds: %j",
  async (tickMs) => {
    const creating = createSession(server, { tickMs } as never);
    await expect(creating).rejects.toMatchObject({ code: "not_an_integer", field: "tickMs" });
  },
);
