/** The behaviour of the hook, tested with each version of React. */
import { afterAll, afterEach, describe, expect, it } from "vitest";

import { connect } from "../../src/index.js";
import { NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
import { type React, Stage } from "./stage.js";

const START = NOON + 3_000;
/** A pause right after the start. */
const PAUSE = { at: new Date(START + 1).toISOString(), paused: true } as const;

/** Tests the hook in one version of React. */
export function describeHook(react: React): void {
  describe(`the hook in React ${react.version}`, () => {
    let stage: Stage;
    const begin = (): Stage => {
      stage = new Stage(react);
      return stage;
    };
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => {
      rejections.push(reason);
    };
    process.on("unhandledRejection", note);
    afterAll(() => {
      process.off("unhandledRejection", note);
    });

    afterEach(async () => {
      await stage.unmount();
      await stage.act(() => stage.world.pass(60_000));
      expect(stage.world.leftovers).toEqual(NOTHING_LEFT);
      expect(rejections).toEqual([]);
    });

    it("connects and shows each step", async () => {
      const { world } = begin();
      await stage.render({ address: world.server.store() });
      expect(stage.text).toBe("connecting");
      expect(stage.view).toEqual({
        state: undefined,
        session: undefined,
        isStopped: false,
        isPaused: false,
        isSettled: false,
        error: undefined,
      });
      await stage.pass(START - world.now + 250);
      expect(stage.text).toBe("2");
      const states = stage.views.flatMap(({ state }) => state ?? []);
      expect(states.map(({ step, value }) => [step, value])).toEqual([
        [0, 0],
        [0, 1],
        [1, 2],
        [2, 3],
      ]);
      expect(stage.view.session?.state()).toEqual(stage.view.state);
    });

    it("shows only the latest step after the page was away, unless the options say otherwise", async () => {
      begin();
      await stage.render({ address: stage.world.server.store() });
      await stage.pass(START - stage.world.now + 50);
      const before = stage.views.length;
      stage.world.agenda.spend(10_000);
      await stage.pass(50);
      expect(stage.views.length - before).toBeLessThanOrEqual(2);
      expect(stage.text).toBe("101");
    });

    it("leaves one session after StrictMode's double mount", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store() }, true);
      await stage.pass(1_000);
      expect(stage.view.session).toBeDefined();
      // The clock and the session listen to wake events, once each.
      expect(stage.world.leftovers).toMatchObject({ streams: 1, wakeEvents: 2 });
      expect(server.requestsTo(`/v1/sessions/${RECORD.id}`).length).toBeLessThanOrEqual(2);
    });

    it("follows a new address, and leaves nothing of the previous one", async () => {
      const { server } = begin().world;
      const [one, other] = [server.store(), server.store({ id: "sess_other", tick_ms: 10 })];
      await stage.render({ address: one });
      await stage.pass(1_000);
      const before = stage.view.session;
      await stage.render({ address: other });
      expect(before?.isClosed).toBe(true);
      expect(stage.view).toMatchObject({ state: undefined, session: undefined });
      await stage.pass(1_000);
      expect(stage.view.session?.record.id).toBe("sess_other");
      expect(stage.world.leftovers).toMatchObject({ streams: 1, wakeEvents: 2 });
    });

    it("never shows the session of another address", async () => {
      const { server } = begin().world;
      const [one, other] = [server.store(), server.store({ id: "sess_other" })];
      await stage.render({ address: one });
      await stage.pass(1_000);
      const before = stage.views.length;
      await stage.render({ address: other });
      expect(stage.views.slice(before).map(({ session }) => session?.record.id)).not.toContain(RECORD.id);
    });

    it("does not reconnect for the same address, or for a new options object", async () => {
      const { server, wakeEvents } = begin().world;
      const address = server.store();
      await stage.render({ address, options: { catchUp: "all" } });
      await stage.pass(1_000);
      await stage.render({ address: new URL(address), options: { catchUp: "all" } });
      await stage.pass(1_000);
      expect(server.requestsTo(`/v1/sessions/${RECORD.id}`)).toHaveLength(1);
      expect(wakeEvents.count).toBe(2);
    });

    it("shows nothing of a session that it closed to connect in another way", async () => {
      const { server } = begin().world;
      const address = server.store();
      await stage.render({ address });
      await stage.pass(1_000);
      const before = stage.view.session;
      await stage.render({ address, connect: (...asked) => connect(...asked) });
      expect(before?.isClosed).toBe(true);
      expect(stage.view.session).toBeUndefined();
    });

    it("does not connect while there is no address", async () => {
      const { server } = begin().world;
      await stage.render({ address: null });
      await stage.pass(1_000);
      await stage.render({ address: undefined });
      await stage.pass(1_000);
      expect(server.received).toEqual([]);
      await stage.render({ address: server.store() });
      await stage.pass(1_000);
      expect(stage.view.session).toBeDefined();
      await stage.render({ address: null });
      expect(stage.text).toBe("connecting");
    });

    it("shows why connecting failed, until there is a new address", async () => {
      const { server } = begin().world;
      const address = server.store();
      await stage.render({ address: address.replace(RECORD.id, "sess_unknown") });
      await stage.pass(1_000);
      expect(stage.view.error).toMatchObject({ code: "session_not_found" });
      expect(stage.view.session).toBeUndefined();
      await stage.render({ address });
      expect(stage.view.error).toBeUndefined();
      await stage.pass(1_000);
      expect(stage.view.session).toBeDefined();
    });

    it("shows an invalid address as an error", async () => {
      begin();
      await stage.render({ address: "sess_1" });
      expect(stage.view.error).toMatchObject({ code: "not_an_address" });
    });

    it("cancels connecting when it is unmounted, and shows nothing of it", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store() });
      await stage.pass(15);
      const before = stage.views.length;
      await stage.unmount();
      await stage.act(() => stage.world.pass(60_000));
      expect(stage.views).toHaveLength(before);
    });

    it("can be unmounted at the very moment it is connected", async () => {
      const { server } = begin().world;
      await stage.render({
        address: server.store(),
        connect: async (address, options) => {
          const session = await connect(address, options);
          stage.unmountNow();
          return session;
        },
      });
      await stage.pass(1_000);
      expect(stage.text).toBe("");
    });

    it("shows a stop on its tick, and a late stop at once", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store() });
      await stage.pass(1_000);
      server.stop(START + 250);
      await stage.pass(START + 240 - stage.world.now);
      expect(stage.view.isStopped).toBe(false);
      await stage.pass(1_000);
      expect(stage.view).toMatchObject({ isStopped: true, state: { step: 2 } });
      server.stop(START + 110);
      await stage.pass(1_000);
      expect(stage.view).toMatchObject({ isStopped: true, state: { step: 1 } });
    });

    it("shows a pause and its end", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store() });
      await stage.pass(1_000);
      server.change([
        [START + 250, 0],
        [START + 2_000, 100],
      ]);
      await stage.pass(START + 500 - stage.world.now);
      expect(stage.view).toMatchObject({ isPaused: true, isStopped: false, state: { step: 2 } });
      await stage.pass(START + 2_010 - stage.world.now);
      expect(stage.view).toMatchObject({ isPaused: false, state: { step: 2 } });
    });

    it("shows a late pause at once", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store() });
      await stage.pass(START + 1_050 - stage.world.now);
      server.change([[START + 450, 0]]);
      await stage.pass(50);
      expect(stage.view).toMatchObject({ isPaused: true, state: { step: 4 } });
    });

    it("shows each step after a late pause, although no tick is reported twice", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store() });
      await stage.pass(START + 1_050 - stage.world.now);
      server.change([
        [START + 450, 0],
        [START + 1_100, 100],
      ]);
      await stage.pass(50);
      expect(stage.text).toBe("4");
      await stage.pass(START + 1_400 - stage.world.now);
      expect(stage.text).toBe("7");
      expect(stage.view.state).toEqual(stage.view.session?.state());
    });

    it("shows whether the state is settled", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store({ notice_ms: 5_000, schedule: [PAUSE] }) });
      await stage.pass(START + 50 - stage.world.now);
      expect(stage.view).toMatchObject({ isSettled: true, isPaused: true });
      server.reach = "unreachable";
      await stage.pass(5_000);
      expect(stage.view).toMatchObject({ isSettled: false, isPaused: true });
    });

    it("shows the error of a session that the package does not support any more", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store() });
      await stage.pass(1_000);
      server.emit("changed", JSON.stringify({ ...RECORD, revision: 2, requires: ["loops"] }));
      await stage.pass(1_000);
      expect(stage.view).toMatchObject({
        state: undefined,
        session: undefined,
        error: { code: "unknown_requirement" },
      });
    });

    it("retries after a temporary error, and shows the error meanwhile", async () => {
      const { server } = begin().world;
      server.reach = "unreachable";
      await stage.render({ address: server.store() });
      await stage.pass(1_500);
      expect(stage.view.error).toMatchObject({ code: "unreachable" });
      server.reach = "answers";
      await stage.pass(4_000);
      expect(stage.view).toMatchObject({ error: undefined, state: { round: 0 } });
    });

    it("does not retry after a permanent error", async () => {
      const { server } = begin().world;
      await stage.render({ address: "https://ticks.example/v1/sessions/sess_unknown" });
      await stage.pass(1_000);
      expect(stage.view.error).toMatchObject({ code: "session_not_found" });
      const { length } = server.received;
      await stage.pass(60_000);
      expect(server.received.length).toBe(length);
    });

    it("shows a session that had already stopped", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.store({ stopped_at: new Date(NOON).toISOString() }) });
      await stage.pass(1_000);
      expect(stage.view).toMatchObject({ isStopped: true, state: { step: 0, value: 0 } });
    });

    it("renders on a server without connecting", () => {
      const { server } = begin().world;
      expect(react.renderToString(stage.element({ address: server.store() }))).toBe("connecting");
      expect(server.received).toEqual([]);
    });
  });
}
