/** What a session tells of its attempts to reach the server. */
import { describe, expect, it } from "vitest";

import { type LiveSession, SessionError, type SessionFailure } from "../../src/index.js";
import { HttpWorld } from "../world/http-world.js";

const MINUTE = 60_000;

/** Records the failures of a session, and the turns of its clock. */
function watched(session: LiveSession): { failures: SessionFailure[]; turns: boolean[] } {
  const failures: SessionFailure[] = [];
  const turns: boolean[] = [];
  session.on("error", (failure) => failures.push(failure));
  session.on("synced", (isSynced) => turns.push(isSynced));
  return { failures, turns };
}

describe("an outage", () => {
  it("shows in every attempt that fails, with the pause before the next one, and in the clock", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    await world.pass(MINUTE);
    const { failures, turns } = watched(session);
    world.server.reach = "unreachable";
    world.server.breakOff();
    await world.pass(2 * MINUTE);
    const kinds = new Set(failures.map(({ what }) => what));
    expect(kinds).toEqual(new Set(["session", "time"]));
    for (const { error, retryInMs } of failures) {
      expect(error).toBeInstanceOf(SessionError);
      expect(error).toMatchObject({ code: "unreachable", mayPass: true });
      expect(retryInMs).toBeGreaterThan(0);
      expect(retryInMs).toBeLessThanOrEqual(MINUTE);
    }
    expect(turns).toEqual([false]);
    expect(session.clock.synced).toBe(false);

    world.server.reach = "answers";
    await world.pass(MINUTE);
    const count = failures.length;
    await world.pass(5 * MINUTE);
    expect(failures).toHaveLength(count);
    expect(turns).toEqual([false, true]);
    session.close();
  });

  it("shows if the server rejects the stream", async () => {
    const world = new HttpWorld();
    world.server.streamStatus = 503;
    const session = await world.connect();
    const { failures } = watched(session);
    await world.pass(MINUTE);
    const rejected = failures.filter(({ what }) => what === "stream");
    expect(rejected.length).toBeGreaterThanOrEqual(3);
    expect(rejected[0]?.error).toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/^no event stream from /),
    });
    session.close();
  });

  it("shows nothing after the session is closed", async () => {
    const world = new HttpWorld();
    const session = await world.connect();
    const { failures, turns } = watched(session);
    world.server.reach = "unreachable";
    session.close();
    await world.pass(2 * MINUTE);
    expect([failures, turns]).toEqual([[], []]);
  });
});
