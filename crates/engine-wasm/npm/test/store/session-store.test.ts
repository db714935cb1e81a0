import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { loadEngine, type SessionStore, type SessionStoreOptions, sessionStore } from "../../src/index.js";
import { ADDRESS, HttpWorld, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";

const START = NOON + 3_000;
const PATH = `/v1/sessions/${RECORD.id}`;

let world: HttpWorld;
let offs: (() => void)[];
/** Reused, because platforms count as objects. */
let platform: HttpWorld["platform"];

beforeAll(() => loadEngine());

beforeEach(() => {
  world = new HttpWorld();
  platform = world.platform;
  offs = [];
});

afterEach(async () => {
  for (const off of offs) {
    off();
  }
  await world.pass(60_000);
  expect(world.leftovers).toEqual(NOTHING_LEFT);
});

function open(options: SessionStoreOptions = {}, address = world.server.store()): SessionStore {
  return sessionStore(address, { platform, ...options });
}

/** Subscribes until the test ends. Returns the function that unsubscribes. */
function subscribe(
  { subscribe }: Pick<SessionStore, "subscribe">,
  listener = (): void => undefined,
): () => void {
  const off = subscribe(listener);
  offs.push(off);
  return off;
}

/** Notes every snapshot that a store tells of. */
function noted<Value>(store: { subscribe: SessionStore["subscribe"]; getSnapshot: () => Value }): Value[] {
  const all: Value[] = [];
  subscribe(store, () => all.push(store.getSnapshot()));
  return all;
}

describe("a store", () => {
  it("requests nothing before its first subscriber", async () => {
    const store = open();
    expect(store.getSnapshot()).toMatchObject({ connection: "connecting", session: undefined });
    await world.pass(10_000);
    expect(world.server.received).toEqual([]);
  });

  it("shows each step once", async () => {
    const store = open();
    const views = noted(store);
    await world.passUntil(START + 250);
    const steps = views.map(({ connection, state }) => [connection, state?.step, state?.value]);
    expect(steps).toEqual([
      ["connected", 0, 0],
      ["connected", 0, 1],
      ["connected", 1, 2],
      ["connected", 2, 3],
    ]);
    expect(new Set(views).size).toBe(4);
  });

  it("has the same snapshot until something changes, and none of them can be changed", async () => {
    const store = open();
    expect(store.getSnapshot()).toBe(store.getSnapshot());
    expect(store.getServerSnapshot()).toBe(store.getSnapshot());
    subscribe(store);
    await world.passUntil(START + 50);
    const view = store.getSnapshot();
    await world.passUntil(START + 90);
    expect(store.getSnapshot()).toBe(view);
    expect(Object.isFrozen(view) && Object.isFrozen(view.state)).toBe(true);
    await world.passUntil(START + 150);
    expect(store.getSnapshot()).not.toBe(view);
    expect(store.getSnapshot().session).toBe(view.session);
    expect(store.getServerSnapshot()).toMatchObject({ connection: "connecting" });
  });

  it("stays connected for two seconds after the last subscriber has left", async () => {
    const store = open();
    const off = subscribe(store);
    await world.passUntil(START);
    off();
    const { session } = store.getSnapshot();
    await world.pass(1_990);
    expect(session?.isClosed).toBe(false);
    // Nobody follows the steps, but who reads the view sees the current one.
    expect(store.getSnapshot().state).toEqual(session?.state());
    expect(store.getSnapshot()).toBe(store.getSnapshot());
    const offAgain = subscribe(store);
    await world.pass(10_000);
    expect(session?.isClosed).toBe(false);
    offAgain();
    offAgain();
    await world.pass(2_010);
    expect(session?.isClosed).toBe(true);
    expect(store.getSnapshot()).toBe(store.getServerSnapshot());
    expect(world.server.requestsTo(PATH)).toHaveLength(1);
  });

  it("connects anew after it has closed", async () => {
    const store = open();
    subscribe(store)();
    await world.pass(5_000);
    subscribe(store);
    await world.pass(1_000);
    expect(store.getSnapshot()).toMatchObject({ connection: "connected" });
  });

  it("cancels connecting", async () => {
    const store = open();
    world.server.reach = "unreachable";
    const off = subscribe(store);
    await world.pass(1_000);
    off();
    await world.pass(2_010);
    const { length } = world.server.received;
    await world.pass(60_000);
    expect(world.server.received).toHaveLength(length);
  });

  it("can be left by its last subscriber at any moment until it is connected", async () => {
    for (let leavesAfter = 0; leavesAfter < 100; leavesAfter += 1) {
      // The session closes two seconds later, when the responses are still on their way or just there.
      world.server.backMs = 2_000;
      const off = subscribe(open());
      await world.pass(leavesAfter);
      off();
      await world.pass(10_000);
      expect(world.leftovers).toEqual(NOTHING_LEFT);
    }
  });

  it("shares its session with stores of the same address and options", async () => {
    const [one, other] = [open({ headers: { a: "b" } }), open({ headers: { A: "b" } })];
    subscribe(one);
    await world.pass(1_000);
    subscribe(other);
    expect(other.getSnapshot()).toBe(one.getSnapshot());
    expect(world.server.requestsTo(PATH)).toHaveLength(1);
  });

  it("does not share its session if the options differ", async () => {
    const [one, other] = [open(), open({ catchUp: "all" })];
    subscribe(one);
    subscribe(other);
    await world.pass(1_000);
    expect(other.getSnapshot().session).not.toBe(one.getSnapshot().session);
    expect(world.server.requestsTo(PATH).length).toBeGreaterThan(1);
  });

  it("tries again after errors that may pass, and shows the error meanwhile", async () => {
    const store = open();
    world.server.reach = "unreachable";
    subscribe(store);
    await world.pass(1_500);
    expect(store.getSnapshot()).toMatchObject({ connection: "connecting", error: { code: "unreachable" } });
    world.server.reach = "answers";
    await world.pass(5_000);
    expect(store.getSnapshot()).toMatchObject({ connection: "connected", error: undefined });
  });

  it("shows an error that will not pass, and tries again for the next subscriber", async () => {
    const store = open({}, `${ADDRESS}${PATH}`);
    const off = subscribe(store);
    await world.pass(1_000);
    expect(store.getSnapshot()).toMatchObject({ connection: "failed", error: { code: "session_not_found" } });
    off();
    expect(store.getSnapshot()).toMatchObject({ connection: "connecting", error: undefined });
    world.server.store();
    subscribe(store);
    await world.pass(1_000);
    expect(store.getSnapshot()).toMatchObject({ connection: "connected" });
  });

  it("refuses a listener that is not a function, and requests nothing for it", async () => {
    const store = open();
    expect(() => store.subscribe(undefined as never)).toThrow(
      expect.objectContaining({ code: "not_a_function" }),
    );
    await world.pass(10_000);
    expect(world.server.received).toEqual([]);
  });

  it("shows an address that is not one as an error", async () => {
    const store = open({}, "sess_1");
    subscribe(store);
    await world.pass(0);
    expect(store.getSnapshot()).toMatchObject({ connection: "failed", error: { code: "not_an_address" } });
  });

  it("shows that the session can no longer be computed", async () => {
    const store = open();
    subscribe(store);
    await world.pass(1_000);
    world.server.emit("changed", JSON.stringify({ ...RECORD, revision: 2, requires: ["loops"] }));
    await world.pass(1_000);
    expect(store.getSnapshot()).toMatchObject({
      connection: "failed",
      session: undefined,
      error: { code: "unknown_requirement" },
    });
  });

  it("keeps its last view if a component closes the session", async () => {
    const store = open();
    subscribe(store);
    await world.pass(1_000);
    const view = store.getSnapshot();
    view.session?.close();
    await world.pass(10_000);
    expect(store.getSnapshot()).toBe(view);
    subscribe(store);
    expect(store.getSnapshot()).toBe(view);
  });

  it("shows what a record says before it is connected, and requests only the time", async () => {
    const record = { ...RECORD, status: "paused", stopped_at: "2026-11-23T12:05:00Z" } as const;
    const store = open({ record });
    expect(store.getServerSnapshot()).toMatchObject({
      connection: "connecting",
      state: undefined,
      record,
      status: "paused",
      isPaused: true,
      isStopped: false,
      stoppedAt: Date.UTC(2026, 10, 23, 12, 5),
    });
    expect(store.getSnapshot()).toBe(store.getServerSnapshot());
    subscribe(store);
    await world.pass(100);
    expect(store.getSnapshot()).toMatchObject({ connection: "connected", record, status: "running" });
    expect(world.server.requestsTo(PATH)).toEqual([]);
  });

  it("shows pauses and stops", async () => {
    const store = open();
    subscribe(store);
    await world.passUntil(START);
    world.server.change([[START + 250, 0]]);
    await world.passUntil(START + 500);
    expect(store.getSnapshot()).toMatchObject({ status: "paused", isPaused: true, state: { step: 2 } });
    expect(store.getSnapshot().record?.schedule).toHaveLength(1);
    world.server.stop(START + 1_000);
    await world.passUntil(START + 900);
    expect(store.getSnapshot()).toMatchObject({ status: "paused" });
    await world.passUntil(START + 1_100);
    expect(store.getSnapshot()).toMatchObject({ isStopped: true, stoppedAt: START + 1_000 });
  });
});

describe("a store that does not render", () => {
  it("changes with the connection, the status and a stop, but not at steps", async () => {
    const store = open({ render: false });
    const views = noted(store);
    await world.passUntil(START + 1_000);
    expect(views).toMatchObject([{ connection: "connected", status: "running", state: undefined }]);
    world.server.stop(START + 2_000);
    await world.passUntil(START + 5_000);
    expect(views.slice(1).map(({ isStopped, state }) => [isStopped, state])).toEqual([[true, undefined]]);
  });

  it("sets no timers for steps", async () => {
    const store = open({ render: false });
    subscribe(store);
    await world.passUntil(START);
    const before = world.delays.length;
    await world.pass(10_000);
    expect(world.delays.length - before).toBeLessThan(20);
  });

  it("sets none any more after the last one that renders has left", async () => {
    subscribe(open({ render: false }));
    const off = subscribe(open());
    await world.passUntil(START + 1_000);
    off();
    const before = world.delays.length;
    await world.pass(10_000);
    expect(world.delays.length - before).toBeLessThan(20);
  });

  it("shares its session with one that renders", async () => {
    const [still, every] = [open({ render: false }), open()];
    const stillViews = noted(still);
    await world.passUntil(START);
    const before = stillViews.length;
    // The current state is there at once.
    expect(every.getSnapshot()).toMatchObject({ connection: "connected", state: { step: 0 } });
    const views = noted(every);
    await world.pass(1_000);
    expect(views.length).toBeGreaterThan(8);
    expect(stillViews).toHaveLength(before);
    expect(every.getSnapshot().session).toBe(still.getSnapshot().session);
  });
});

describe("a selection", () => {
  it("tells only of changes of its part", async () => {
    const store = open();
    const tens = noted(store.select(({ state }) => state && Math.floor(state.step / 10)));
    await world.passUntil(START + 3_050);
    expect(tens).toEqual([0, 1, 2, 3]);
  });

  it("keeps objects that show the same", async () => {
    const store = open();
    const select = () =>
      store.select(
        ({ state }) => ({ isEven: (state?.step ?? 0) % 2 === 0 }),
        (one, other) => one.isEven === other.isEven,
      );
    const selection = select();
    const parts = noted(selection);
    await world.passUntil(START + 350);
    expect(parts).toEqual([{ isEven: false }, { isEven: true }, { isEven: false }]);
    expect(selection.getSnapshot()).toBe(parts.at(-1));
    expect(selection.getServerSnapshot()).toBe(selection.getServerSnapshot());
  });

  it("computes its part once for each view", async () => {
    const store = open();
    let count = 0;
    const { getSnapshot, subscribe: follow } = store.select((view) => {
      count += 1;
      return view.connection;
    });
    subscribe({ subscribe: follow });
    await world.passUntil(START + 50);
    const before = count;
    getSnapshot();
    getSnapshot();
    expect(count).toBe(before);
  });
});
