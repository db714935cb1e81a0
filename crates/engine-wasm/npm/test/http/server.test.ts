/** The same calls, and a live session, against a real server. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  connect,
  createSession,
  getSession,
  loadEngine,
  openClock,
  pauseSession,
  readSession,
  resumeSession,
  stopSession,
  Timeline,
  withdraw,
} from "../../src/index.js";
import { randomFrom } from "../../src/testing/virtual/random.js";
import { TestServer } from "../browser/server.js";
import { until } from "../browser/until.js";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

describe("a real server", () => {
  it("creates a session with the given fields, and returns it", async () => {
    const { address, record } = await createSession(server.address, {
      tickMs: 50,
      seed: "new year",
      startAt: new Date("2126-12-31T22:59:50.000Z"),
      rules: { breakInterval: { min: 30, max: 80 }, roundsPerEpoch: 64 },
      schedule: [
        { at: "2126-12-31T23:00:00.0009Z", paused: true },
        { at: new Date("2126-12-31T23:00:10.000Z"), tickMs: 100 },
      ],
      metadata: { game: "countdown" },
      ttlSeconds: 3_600,
    });
    expect(record).toMatchObject({
      tick_ms: 50,
      seed: "new year",
      start_at: "2126-12-31T22:59:50.000Z",
      rules: { break_interval: { min: 30, max: 80 }, rounds_per_epoch: 64 },
      schedule: [
        { at: "2126-12-31T23:00:00.000Z", paused: true },
        { at: "2126-12-31T23:00:10.000Z", tick_ms: 100 },
      ],
      metadata: { game: "countdown" },
      status: "running",
      revision: 1,
      engine_version: 1,
    });
    expect(await getSession(address)).toEqual(record);
  });

  it("lists all invalid fields", async () => {
    const creating = createSession(server.address, { tickMs: 0, seed: "" });
    await expect(creating).rejects.toMatchObject({
      name: "ServerError",
      code: "invalid_fields",
      status: 400,
      problem: { errors: [expect.objectContaining({ field: expect.any(String) }), expect.anything()] },
    });
  });

  it("does not find an unknown session", async () => {
    const unknown = `${server.address}/v1/sessions/sess_0c6a3a0e-0f5c-4b9e-a8a4-2f9f2a3f9a10`;
    const missing = { code: "session_not_found", status: 404 };
    await expect(getSession(unknown)).rejects.toMatchObject(missing);
    await expect(stopSession(unknown)).rejects.toMatchObject(missing);
    await expect(connect(unknown)).rejects.toMatchObject(missing);
  });

  it("changes a session only if nobody else has changed it meanwhile", async () => {
    const { address } = await createSession(server.address, { tickMs: 50, startAt: Date.now() - 1_000 });
    const { record, etag, settledUntil } = await readSession(address);
    expect(etag).toMatch(/^"/);
    expect(settledUntil).toBeUndefined();
    const paused = await pauseSession(address, { ifMatch: etag });
    expect(paused.revision).toBe(record.revision + 1);
    const resuming = resumeSession(address, { ifMatch: etag });
    await expect(resuming).rejects.toMatchObject({ code: "changed_meanwhile", status: 412 });
    const again = await readSession(address);
    expect(again.record).toEqual(paused);
    await resumeSession(address, { ifMatch: again.etag });
  });

  it("takes the time of a clock, and promises what is settled", async () => {
    const clock = await openClock(server.address);
    const { address } = await createSession(server.address, { tickMs: 50, noticeMs: 2_000 });
    const paused = await pauseSession(address, { at: clock.now + 60_000 });
    expect(paused.schedule).toEqual([{ at: expect.any(String), paused: true }]);
    const { settledUntil = 0 } = await readSession(address);
    expect(Math.abs(settledUntil - clock.now - 2_000)).toBeLessThan(1_000);
    const { schedule } = await withdraw(address, { from: clock.now + 30_000 });
    expect(schedule).toEqual([]);
    clock.close();
  });

  it("stops a session, and rejects a later stop", async () => {
    const { address, record } = await createSession(server.address, { tickMs: 50 });
    const at = Date.now() + 60_000;
    const stop = await stopSession(address, { at: at + 0.75 });
    expect(stop).toEqual({ id: record.id, status: "running", stopped_at: new Date(at).toISOString() });
    await expect(stopSession(address, { at: at + 1 })).rejects.toMatchObject({
      code: "stop_not_earlier",
      status: 409,
      problem: { stopped_at: stop.stopped_at },
    });
    expect(await getSession(address)).toMatchObject({ stopped_at: stop.stopped_at, revision: 2 });
  });
});

describe("a live session of a real server", () => {
  it("has the server's state at every tick", async () => {
    const { address, record } = await createSession(server.address, { tickMs: 20, startAt: new Date() });
    using session = await connect(address);
    const steps: number[] = [];
    session.on("tick", ({ step }) => steps.push(step));
    await until("some ticks", () => steps.length >= 20);
    expect(steps).toEqual(steps.map((_, index) => (steps[0] ?? 0) + index));
    const state = session.timeline.state(steps[0] ?? 0);
    expect(await server.stateAt(record.id, session.timeline.timeOf(state.step))).toEqual(state);
    expect(session.clock.errorMs).toBeLessThan(100);
    expect(Math.abs(session.clock.now - Date.now())).toBeLessThan(session.clock.errorMs + 2);
  });

  it("stops on the tick of a future stop, like the server", async () => {
    const { address, record } = await createSession(server.address, { tickMs: 20, startAt: new Date() });
    const at = Date.now() + 800;
    await stopSession(address, { at });
    using session = await connect(address);
    const reported: unknown[] = [];
    session.on("stopped", (stop) => reported.push(stop));
    await until("the stop", () => reported.length > 0);
    const state = await server.stateAt(record.id, at);
    expect(reported).toEqual([
      { stoppedAt: at, state, isLate: false, stepsTakenBack: 0, breaksTakenBack: [] },
    ]);
    expect(session.state()).toEqual(state);
  });

  it("learns of a stop, and sets its state back to the server's", async () => {
    const clock = await openClock(server.address);
    const { address, record } = await createSession(server.address, { tickMs: 20, startAt: new Date() });
    using session = await connect(address, { clock });
    const reported: { readonly isLate: boolean }[] = [];
    session.on("stopped", (stop) => reported.push(stop));
    const { stopped_at } = await stopSession(address);
    await until("the stop", () => reported.length > 0);
    expect(reported[0]).toMatchObject({ isLate: true, stoppedAt: Date.parse(stopped_at) });
    expect(session.state()).toEqual(await server.stateAt(record.id, Date.now()));
    clock.close();
  });
});

/** Returns a text that is nearly always almost an instant: with days and seconds that may not exist, and many digits. */
function almostInstant(random: () => number): string {
  const pick = <Item>(...items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = [
    pick(1969, 1970, 2016, 2024, 9999),
    two(pick(0, 1, 2, 12, 13)),
    two(pick(1, 28, 29, 30, 31, 32)),
  ];
  const time = [two(pick(0, 12, 23, 24)), two(pick(0, 59, 60)), two(pick(0, 59, 60, 61))];
  const fraction = pick("", "", ".5", ".9994", ".9999999999", ".000999", ".1234567890123456789");
  const offset = pick("Z", "z", "+00:00", "-00:00", "+23:59", "-08:00", "+01:60");
  return date.join("-") + pick("T", "t", " ") + time.join(":") + fraction + offset;
}

it("the package and a real server read the same instants from the same texts", async () => {
  await loadEngine();
  const random = randomFrom("instants");
  let accepted = 0;
  for (let count = 0; count < 300; count += 1) {
    const start_at = almostInstant(random);
    const asServer = await server.create({ tick_ms: 1, start_at }).then(
      (session) => Date.parse(session.start_at),
      () => undefined,
    );
    accepted += asServer === undefined ? 0 : 1;
    expect([start_at, instantIn(start_at)]).toEqual([start_at, asServer]);
  }
  expect(accepted).toBeGreaterThan(10);
});

/** Returns the instant that the package reads from a text, or `undefined` if it refuses it. */
function instantIn(start_at: string): number | undefined {
  try {
    return new Timeline({ seed: "any", start_at, tick_ms: 1 }).timeOf(0);
  } catch {
    return undefined;
  }
}
