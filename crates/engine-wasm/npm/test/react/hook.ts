/** The behaviour of the hook, tested with each version of React. */
import { afterAll, afterEach, describe, expect, it } from "vitest";

import { openClock, type SessionView } from "../../src/index.js";
import { ADDRESS, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
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
        connection: "connecting",
        state: undefined,
        session: undefined,
        record: undefined,
        status: undefined,
        isStopped: false,
        isPaused: false,
        isSettled: false,
        stoppedAt: undefined,
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
      expect(server.requestsTo(`/v1/sessions/${RECORD.id}`)).toHaveLength(1);
    });

    it("follows a new address, and leaves nothing of the previous one", async () => {
      const { server } = begin().world;
      const [one, other] = [server.store(), server.store({ id: "sess_other", tick_ms: 10 })];
      await stage.render({ address: one });
      await stage.pass(1_000);
      const before = stage.view.session;
      await stage.render({ address: other });
      expect(stage.view).toMatchObject({ state: undefined, session: undefined });
      // Its stream takes the place of the previous one at its next request.
      await stage.pass(8_000);
      expect(before?.isClosed).toBe(true);
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

    it("connects anew for options with other content", async () => {
      const { server } = begin().world;
      const address = server.store();
      const authorized = (authorization: string) => ({ address, options: { headers: { authorization } } });
      await stage.render(authorized("one"));
      await stage.pass(1_000);
      const before = stage.view.session;
      await stage.render(authorized("other"));
      expect(stage.view.session).toBeUndefined();
      await stage.pass(2_100);
      expect(before?.isClosed).toBe(true);
      expect(stage.view.session).toBeDefined();
      const sent = server.requestsTo(`/v1/sessions/${RECORD.id}`).map(({ init }) => init.headers);
      expect(sent).toMatchObject([{ authorization: "one" }, { authorization: "other" }]);
    });

    it("shares a session between components, each of which can come and go", async () => {
      const { server } = begin().world;
      const address = server.store();
      await stage.render([{ address }, { address }]);
      await stage.pass(START - stage.world.now + 50);
      expect(stage.text).toBe("00");
      await stage.render([{ address }]);
      await stage.pass(5_000);
      expect(stage.text).toBe("50");
      expect(server.requestsTo(`/v1/sessions/${RECORD.id}`)).toHaveLength(1);
      expect(stage.world.leftovers).toMatchObject({ streams: 1, wakeEvents: 2 });
    });

    it("takes a clock from the provider or the options", async () => {
      const { world } = begin();
      const opening = openClock(ADDRESS, { platform: world.platform });
      await stage.pass(1_000);
      const clock = await opening;
      await stage.render({ address: world.server.store(), options: { clock } });
      await stage.pass(1_000);
      expect(stage.view.session?.clock.now).toBe(clock.now);
      // The clock and the session.
      expect(world.leftovers.wakeEvents).toBe(2);
      await stage.unmount();
      clock.close();
    });

    it("renders a component with a selector only when its part changes", async () => {
      begin();
      let count = 0;
      await stage.render({
        address: stage.world.server.store(),
        selector: ({ state }) => state && Math.floor(state.step / 10),
        rendered: () => {
          count += 1;
        },
      });
      await stage.pass(START - stage.world.now + 50);
      const before = count;
      await stage.pass(3_000);
      expect(stage.parts.slice(before)).toEqual([1, 2, 3]);
    });

    it("takes selectors that return another object each time", async () => {
      begin();
      await stage.render({
        address: stage.world.server.store(),
        selector: ({ state, status }) => ({
          paused: status === "paused",
          even: (state?.step ?? 0) % 2 === 0,
        }),
        isEqual: (one, other) => JSON.stringify(one) === JSON.stringify(other),
      });
      await stage.pass(START - stage.world.now + 50);
      const before = stage.parts.length;
      await stage.pass(200);
      expect(stage.parts.slice(before)).toEqual([
        { paused: false, even: false },
        { paused: false, even: true },
      ]);
    });

    it("does not render at steps if the page draws by itself", async () => {
      begin();
      await stage.render({ address: stage.world.server.store(), options: { render: false } });
      await stage.pass(1_000);
      const before = stage.views.length;
      await stage.pass(10_000);
      expect(stage.views).toHaveLength(before);
      expect(stage.view).toMatchObject({ connection: "connected", status: "running", state: undefined });
      stage.world.server.change([[stage.world.now + 250, 0]]);
      await stage.pass(500);
      expect(stage.view).toMatchObject({ isPaused: true });
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
      server.reach = "unreachable";
      await stage.render({ address: server.store() });
      await stage.pass(1_500);
      const before = stage.views.length;
      await stage.unmount();
      await stage.act(() => stage.world.pass(2_000));
      const { length } = server.received;
      await stage.act(() => stage.world.pass(60_000));
      expect(stage.views).toHaveLength(before);
      expect(server.received).toHaveLength(length);
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

    it("renders on a server what the record says, and goes on from there in the browser", async () => {
      const { server } = begin().world;
      const stopped_at = new Date(START + 1_000).toISOString();
      const record = { ...RECORD, status: "stopped", stopped_at } as const;
      const address = server.store(record);
      const given = { address, options: { record }, selector: said } as const;
      expect(react.renderToString(stage.element(given))).toBe("stopped connecting");
      expect(await stage.hydrate(given)).toEqual([]);
      expect(stage.text).toBe("stopped connecting");
      await stage.pass(START + 2_000 - stage.world.now);
      expect(stage.text).toBe("stopped connected");
      // The record needs no request.
      expect(server.requestsTo(`/v1/sessions/${RECORD.id}`).map(({ what }) => what)).toEqual([]);
    });
  });
}

function said({ status, connection }: SessionView): string {
  return `${status} ${connection}`;
}
