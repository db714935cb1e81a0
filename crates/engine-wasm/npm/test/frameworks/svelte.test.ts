import * as svelte5 from "svelte/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  type ReadableSession,
  readableSession,
  type SessionOptions,
  type SessionView,
} from "../../src/svelte.js";
import { type HttpWorld, NOON, RECORD } from "../world/http-world.js";
import { leftovers, NOTHING_LEFT, openPage, prepareDocument } from "./page.js";

/** Its types declare the same modules as those of Svelte 5. */
const SVELTE_4: string = "svelte-4/store";
const svelte4 = (await import(SVELTE_4)) as typeof svelte5;

const START = NOON + 3_000;
const PATH = `/v1/sessions/${RECORD.id}`;

let world: HttpWorld;
let platform: HttpWorld["platform"];
let address: string;

beforeEach(async () => {
  prepareDocument();
  ({ world, platform } = await openPage());
  address = world.server.store();
});

afterEach(async () => {
  expect(await leftovers(world)).toEqual(NOTHING_LEFT);
});

function open(options: SessionOptions = {}): ReadableSession<SessionView> {
  return readableSession(address, { platform, ...options });
}

describe.each([
  ["Svelte 4", svelte4],
  ["Svelte 5", svelte5],
])("a readable session in %s", (_name, { derived, get }) => {
  it("has a value at once, and then each step", async () => {
    const values: unknown[] = [];
    const off = open().subscribe(({ connection, state }) => void values.push(state?.step ?? connection));
    expect(values).toEqual(["connecting"]);
    await world.passUntil(START + 250);
    expect(values).toEqual(["connecting", 0, 0, 1, 2]);
    off();
    await world.pass(1_000);
    expect(values).toHaveLength(5);
  });

  it("works with derived stores and with get", async () => {
    const store = open();
    const round = derived(store, ({ state }) => state?.round);
    const off = round.subscribe(() => undefined);
    await world.passUntil(START + 50);
    expect(get(round)).toBe(0);
    expect(get(store).state).toEqual(get(store).session?.state());
    off();
  });

  it("shares a session, and leaves it with its last subscriber", async () => {
    const [one, other] = [open(), open()];
    const offs = [one.subscribe(() => undefined), other.subscribe(() => undefined)];
    await world.pass(1_000);
    const { session } = get(one);
    expect(get(other).session).toBe(session);
    expect(world.server.requestsTo(PATH)).toHaveLength(1);
    offs[0]?.();
    await world.pass(5_000);
    expect(session?.isClosed).toBe(false);
    offs[1]?.();
    await world.pass(2_100);
    expect(session?.isClosed).toBe(true);
  });

  it("changes only with the selected part", async () => {
    const tens = readableSession(address, { platform }, ({ state }) => state && Math.floor(state.step / 10));
    const values: unknown[] = [];
    const off = tens.subscribe((value) => void values.push(value));
    await world.passUntil(START + 2_050);
    expect(values).toEqual([undefined, 0, 1, 2]);
    off();
  });

  it("is idle without an address", () => {
    expect(get(readableSession(null)).connection).toBe("idle");
  });

  it("has on a server what the record says, without a request", async () => {
    Reflect.deleteProperty(globalThis, "document");
    const values: unknown[] = [];
    const off = open({ record: RECORD }).subscribe(({ connection, status }) =>
      values.push(connection, status),
    );
    await world.pass(10_000);
    off();
    expect(values).toEqual(["connecting", "running"]);
    expect(world.server.received).toEqual([]);
  });
});
