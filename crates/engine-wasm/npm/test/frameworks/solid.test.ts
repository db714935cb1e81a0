import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type HttpWorld, NOON, RECORD } from "../world/http-world.js";
import { leftovers, NOTHING_LEFT, openPage } from "./page.js";

// In Node.js the name stands for Solid's build for servers.
vi.mock("solid-js", () => {
  const inBrowsers: string = "solid-js/dist/solid.js";
  return import(inBrowsers);
});
const { createEffect, createRoot, createSignal } = await import("solid-js");
const { useSession } = await import("../../src/solid.js");

type Address = string | undefined;

const START = NOON + 3_000;

let world: HttpWorld;
let platform: HttpWorld["platform"];
let address: string;
let disposals: (() => void)[];

beforeEach(async () => {
  ({ world, platform } = await openPage());
  address = world.server.store();
  disposals = [];
});

afterEach(async () => {
  for (const dispose of disposals) {
    dispose();
  }
  expect(await leftovers(world)).toEqual(NOTHING_LEFT);
});

/** Runs a function in a root that is disposed of after the test. */
function inRoot<Result>(run: () => Result): Result {
  return createRoot((dispose) => {
    disposals.push(dispose);
    return run();
  });
}

describe("the primitive", () => {
  it("has the fields of the view as accessors", async () => {
    const { connection, state, status, session } = inRoot(() => useSession(address, { platform }));
    expect(connection()).toBe("connecting");
    await world.passUntil(START + 250);
    expect([connection(), state()?.step, state()?.value, status()]).toEqual(["connected", 2, 3, "running"]);
    expect(session()?.state()).toEqual(state());
  });

  it("runs effects only when a field they use changes", async () => {
    const [steps, statuses]: [unknown[], unknown[]] = [[], []];
    inRoot(() => {
      const { state, status } = useSession(address, { platform });
      createEffect(() => steps.push(state()?.step));
      createEffect(() => statuses.push(status()));
    });
    await world.passUntil(START + 350);
    expect(steps).toEqual([undefined, 0, 0, 1, 2, 3]);
    expect(statuses).toEqual([undefined, "running"]);
  });

  it("leaves the session when its owner is disposed of", async () => {
    const { session } = inRoot(() => useSession(address, { platform }));
    await world.pass(1_000);
    const live = session();
    expect(live?.isClosed).toBe(false);
    disposals.pop()?.();
    await world.pass(2_100);
    expect(live?.isClosed).toBe(true);
  });

  it("shares a session", async () => {
    const [one, other] = inRoot(() => [useSession(address, { platform }), useSession(address, { platform })]);
    await world.pass(1_000);
    expect(one?.session()).toBeDefined();
    expect(one?.session()).toBe(other?.session());
  });

  it("follows an accessor, and never shows the session of the previous address", async () => {
    const other = world.server.store({ id: "sess_other" });
    const [wanted, setWanted] = createSignal<Address>();
    const { connection, record, session } = inRoot(() => useSession(wanted, { platform }));
    expect(connection()).toBe("idle");
    setWanted(address);
    expect(connection()).toBe("connecting");
    await world.pass(1_000);
    expect(record()?.id).toBe(RECORD.id);
    const before = session();
    setWanted(other);
    expect(session()).toBeUndefined();
    await world.pass(2_100);
    expect(record()?.id).toBe("sess_other");
    expect(before?.isClosed).toBe(true);
  });
});
