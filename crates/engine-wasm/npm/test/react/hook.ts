/** What the hook does, whatever the version of React. */
import { afterAll, afterEach, describe, expect, it } from "vitest";

import { connect } from "../../src/index.js";
import { NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
import { type React, Stage } from "./stage.js";

const START = NOON + 3_000;

/** Describes the hook in one version of React. */
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

    it("connects, and shows each step", async () => {
      const { world } = begin();
      await stage.render({ address: world.server.keep() });
      expect(stage.text).toBe("connecting");
      expect(stage.view).toEqual({
        state: undefined,
        session: undefined,
        isStopped: false,
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

    it("shows only the newest step after the page was away, unless it is told otherwise", async () => {
      begin();
      await stage.render({ address: stage.world.server.keep() });
      await stage.pass(START - stage.world.now + 50);
      const before = stage.views.length;
      stage.world.agenda.spend(10_000);
      await stage.pass(50);
      expect(stage.views.length - before).toBeLessThanOrEqual(2);
      expect(stage.text).toBe("101");
    });

    it("in StrictMode's double mount lives once in the end", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.keep() }, true);
      await stage.pass(1_000);
      expect(stage.view.session).toBeDefined();
      // The clock and the session listen to signs, each once.
      expect(stage.world.leftovers).toMatchObject({ streams: 1, wakeEvents: 2 });
      expect(server.asked(`/v1/sessions/${RECORD.id}`).length).toBeLessThanOrEqual(2);
    });

    it("follows another address, and leaves nothing of the one before", async () => {
      const { server } = begin().world;
      const [one, other] = [server.keep(), server.keep({ id: "sess_other", tick_ms: 10 })];
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

    it("never shows a session of another address as that of the new one", async () => {
      const { server } = begin().world;
      const [one, other] = [server.keep(), server.keep({ id: "sess_other" })];
      await stage.render({ address: one });
      await stage.pass(1_000);
      const before = stage.views.length;
      await stage.render({ address: other });
      expect(stage.views.slice(before).map(({ session }) => session?.record.id)).not.toContain(RECORD.id);
    });

    it("does not connect again for the same address, or options that are made anew", async () => {
      const { server, wakeEvents } = begin().world;
      const address = server.keep();
      await stage.render({ address, options: { catchUp: "all" } });
      await stage.pass(1_000);
      await stage.render({ address: new URL(address), options: { catchUp: "all" } });
      await stage.pass(1_000);
      expect(server.asked(`/v1/sessions/${RECORD.id}`)).toHaveLength(1);
      expect(wakeEvents.count).toBe(2);
    });

    it("shows nothing of a session any more that it has ended for another way to connect", async () => {
      const { server } = begin().world;
      const address = server.keep();
      await stage.render({ address });
      await stage.pass(1_000);
      const before = stage.view.session;
      await stage.render({ address, connect: (...asked) => connect(...asked) });
      expect(before?.isClosed).toBe(true);
      expect(stage.view.session).toBeUndefined();
    });

    it("connects to nothing as long as no address is known", async () => {
      const { server } = begin().world;
      await stage.render({ address: null });
      await stage.pass(1_000);
      await stage.render({ address: undefined });
      await stage.pass(1_000);
      expect(server.seen).toEqual([]);
      await stage.render({ address: server.keep() });
      await stage.pass(1_000);
      expect(stage.view.session).toBeDefined();
      await stage.render({ address: null });
      expect(stage.text).toBe("connecting");
    });

    it("shows why it could not connect, until another address is given", async () => {
      const { server } = begin().world;
      const address = server.keep();
      await stage.render({ address: address.replace(RECORD.id, "sess_unknown") });
      await stage.pass(1_000);
      expect(stage.view.error).toMatchObject({ code: "session_not_found" });
      expect(stage.view.session).toBeUndefined();
      await stage.render({ address });
      expect(stage.view.error).toBeUndefined();
      await stage.pass(1_000);
      expect(stage.view.session).toBeDefined();
    });

    it("shows an address that is none as an error", async () => {
      begin();
      await stage.render({ address: "sess_1" });
      expect(stage.view.error).toMatchObject({ code: "not_an_address" });
    });

    it("ends connecting when it is unmounted before, and shows nothing of it", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.keep() });
      await stage.pass(15);
      const before = stage.views.length;
      await stage.unmount();
      await stage.act(() => stage.world.pass(60_000));
      expect(stage.views).toHaveLength(before);
    });

    it("bears to be unmounted at the very moment at which it is connected", async () => {
      const { server } = begin().world;
      await stage.render({
        address: server.keep(),
        connect: async (address, options) => {
          const session = await connect(address, options);
          stage.unmountNow();
          return session;
        },
      });
      await stage.pass(1_000);
      expect(stage.text).toBe("");
    });

    it("shows a stop on its tick, and one that came late", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.keep() });
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

    it("tries again after an error that may pass, and shows it meanwhile", async () => {
      const { server } = begin().world;
      server.reach = "unreachable";
      await stage.render({ address: server.keep() });
      await stage.pass(1_500);
      expect(stage.view.error).toMatchObject({ code: "unreachable" });
      server.reach = "answers";
      await stage.pass(4_000);
      expect(stage.view).toMatchObject({ error: undefined, state: { round: 0 } });
    });

    it("does not try again what cannot pass", async () => {
      const { server } = begin().world;
      await stage.render({ address: "https://ticks.example/v1/sessions/sess_unknown" });
      await stage.pass(1_000);
      expect(stage.view.error).toMatchObject({ code: "session_not_found" });
      const { length } = server.seen;
      await stage.pass(60_000);
      expect(server.seen.length).toBe(length);
    });

    it("shows a session that had stopped before", async () => {
      const { server } = begin().world;
      await stage.render({ address: server.keep({ stopped_at: new Date(NOON).toISOString() }) });
      await stage.pass(1_000);
      expect(stage.view).toMatchObject({ isStopped: true, state: { step: 0, value: 0 } });
    });

    it("is rendered on a server, where nothing is connected to", () => {
      const { server } = begin().world;
      expect(react.renderToString(stage.element({ address: server.keep() }))).toBe("connecting");
      expect(server.seen).toEqual([]);
    });
  });
}
