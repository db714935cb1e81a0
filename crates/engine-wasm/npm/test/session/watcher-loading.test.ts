/** What a page does while the code for shared streams does not load. */
import { expect, it, vi } from "vitest";

import { reactions } from "../../src/testing/virtual/agenda.js";
import { HttpWorld } from "../world/http-world.js";
import { VirtualBrowser } from "../world/virtual-browser.js";

let load: () => object | Promise<object> = () => ({});

vi.mock("../../src/session/shared-stream.js", () => load());

async function connectInTab() {
  const world = new HttpWorld();
  const browser = new VirtualBrowser(world);
  const session = await world.connect(undefined, { platform: browser.open().platform });
  return { world, browser, session };
}

it("a page whose server no longer has that code opens a stream of its own", async () => {
  load = () => {
    throw new Error("not found");
  };
  const { world, browser, session } = await connectInTab();
  // The import fails in real time.
  await vi.waitFor(() => expect(world.server.streams.size).toBe(1));
  await world.pass(100);
  expect(session.isListening).toBe(true);
  expect(browser.channels.size).toBe(0);
});

it("a page that has waited for that code until the first poll opens a stream of its own", async () => {
  load = () => new Promise(() => undefined);
  const { world, session } = await connectInTab();
  await reactions();
  await world.pass(3_000);
  expect(world.server.streams.size).toBe(0);
  await world.pass(4_000);
  expect(session.isListening).toBe(true);
  session.close();
  expect(world.server.streams.size).toBe(0);
});
