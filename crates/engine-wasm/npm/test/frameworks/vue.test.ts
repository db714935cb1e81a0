import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Component, EffectScope } from "vue";

import type { SessionAddress, SessionRefs } from "../../src/vue.js";
import { type HttpWorld, NOON, RECORD } from "../world/http-world.js";
import { leftovers, NOTHING_LEFT, openPage, prepareDocument } from "./page.js";

prepareDocument();
const { createApp, createSSRApp, effectScope, h, isReadonly, nextTick, reactive, ref, watchEffect } =
  await import("vue");
const { renderToString } = await import("vue/server-renderer");
const { useSession: composable } = await import("../../src/vue.js");

const START = NOON + 3_000;
const PATH = `/v1/sessions/${RECORD.id}`;

let world: HttpWorld;
let platform: HttpWorld["platform"];
let address: string;
let scope: EffectScope;

beforeEach(async () => {
  ({ world, platform } = await openPage());
  address = world.server.store();
  scope = effectScope(true);
});

afterEach(async () => {
  scope.stop();
  expect(await leftovers(world)).toEqual(NOTHING_LEFT);
});

/** Uses a session in an effect scope. */
function use(from: Parameters<typeof composable>[0], options = {}): SessionRefs {
  const refs = scope.run(() => composable(from, { platform, ...options }));
  if (refs === undefined) {
    throw new Error("the scope has ended");
  }
  return refs;
}

describe("the composable in an effect scope", () => {
  it("has the fields of the view as read-only refs", async () => {
    const refs = use(address);
    expect(refs.connection.value).toBe("connecting");
    await world.passUntil(START + 250);
    expect(refs).toMatchObject({
      connection: { value: "connected" },
      state: { value: { step: 2, value: 3 } },
      status: { value: "running" },
      isStopped: { value: false },
      error: { value: undefined },
    });
    expect(refs.session.value?.state()).toEqual(refs.state.value);
    expect(Object.values(refs).every(isReadonly)).toBe(true);
  });

  it("runs effects only when a field they use changes", async () => {
    const { state, status } = use(address);
    const [steps, statuses]: [unknown[], unknown[]] = [[], []];
    scope.run(() => {
      watchEffect(() => steps.push(state.value?.step), { flush: "sync" });
      watchEffect(() => statuses.push(status.value), { flush: "sync" });
    });
    await world.passUntil(START + 350);
    expect(steps).toEqual([undefined, 0, 0, 1, 2, 3]);
    expect(statuses).toEqual([undefined, "running"]);
  });

  it("leaves the session when the scope ends", async () => {
    const { session } = use(address);
    await world.pass(1_000);
    const live = session.value;
    scope.stop();
    await world.pass(2_100);
    expect(live?.isClosed).toBe(true);
  });

  it("follows an address in a ref or a getter, and never shows the session of the previous one", async () => {
    const other = world.server.store({ id: "sess_other" });
    const wanted = ref<SessionAddress>(undefined);
    const refs = use(wanted);
    expect(refs.connection.value).toBe("idle");
    expect(world.server.received).toEqual([]);
    wanted.value = address;
    expect(refs.connection.value).toBe("connecting");
    await world.pass(1_000);
    expect(refs.record.value?.id).toBe(RECORD.id);
    const before = refs.session.value;
    wanted.value = other;
    expect(refs.session.value).toBeUndefined();
    await world.pass(2_100);
    expect(refs.record.value?.id).toBe("sess_other");
    expect(before?.isClosed).toBe(true);
  });

  it("has a session that works in reactive objects", async () => {
    const { session } = use(address);
    await world.pass(1_000);
    expect(reactive({ session: session.value }).session?.status).toBe("running");
  });
});

describe("the composable in components", () => {
  const component = (options = {}): Component => ({
    setup() {
      const { state, connection } = composable(address, { platform, ...options });
      return () => h("p", `${state.value?.step ?? connection.value}`);
    },
  });

  it("shows each step, and shares the session", async () => {
    const element = document.createElement("div");
    const app = createApp({ render: () => [h(component()), h(component())] });
    app.mount(element);
    expect(element.textContent).toBe("connectingconnecting");
    await world.passUntil(START + 250);
    await nextTick();
    expect(element.textContent).toBe("22");
    expect(world.server.requestsTo(PATH)).toHaveLength(1);
    app.unmount();
  });

  it("leaves the session when the component is unmounted", async () => {
    const app = createApp(component());
    app.mount(document.createElement("div"));
    await world.pass(1_000);
    expect(world.leftovers.streams).toBe(1);
    app.unmount();
    await world.pass(2_100);
    expect(world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("renders on a server what the record says, without a request", async () => {
    const said: Component = {
      setup() {
        const { status, connection } = composable(address, { platform, record: RECORD });
        return () => h("p", `${status.value} ${connection.value}`);
      },
    };
    expect(await renderToString(createSSRApp(said))).toBe("<p>running connecting</p>");
    expect(world.server.received).toEqual([]);
  });
});
