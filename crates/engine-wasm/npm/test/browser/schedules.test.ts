/** Pauses in real browsers: everybody stops on one step, and inside the promise of a notice nobody is ever put right. */
import { afterEach, expect, test } from "vitest";

import type { State } from "../../src/index.js";
import { script } from "./browsers.js";
import { isUnderWay } from "./checks.js";
import { wrongClock } from "./machines.js";
import type { Happened } from "./recorder.js";
import { type Several, startSeveral } from "./several.js";
import { FAR, NEAR, type Viewer } from "./stage.js";
import { setStage, startEachBrowser } from "./staged.js";
import { until } from "./until.js";

const HOUR_MS = 3_600_000;
const NOTICE_MS = 15_000;

/** Leaves a page only requests, which nginx may answer from its cache. */
const WITHOUT_STREAMS = script(() => Reflect.deleteProperty(window, "EventSource"), undefined);

const { stage, started } = setStage(startEachBrowser);
let several: Several | undefined;

afterEach(async () => {
  await several?.stop();
  several = undefined;
});

test("a pause that is set three seconds ahead stops five players on one step, and later a sixth", async () => {
  const { chromium, firefox, webkit } = started();
  const session = await stage.create();
  const players = await Promise.all([
    stage.look({ browser: chromium, session, delays: NEAR }),
    stage.look({ browser: chromium, session, delays: FAR, scripts: [wrongClock(5 * HOUR_MS)] }),
    stage.look({ browser: chromium, session, delays: NEAR, catchUp: "latest" }),
    stage.look({ browser: firefox, session, delays: NEAR }),
    stage.look({ browser: webkit, session, delays: FAR, scripts: [wrongClock(-HOUR_MS)] }),
  ]);
  const offline = await stage.look({ browser: chromium, session, delays: NEAR });
  await Promise.all([...players, offline].map(isUnderWay));
  offline.network.cut();

  const pausedAt = Date.now() + 3_000;
  await stage.server.change(session, "pause", { at: new Date(pausedAt).toISOString() });
  await Promise.all(players.map((player) => player.isAskedAfter(pausedAt + 2_000)));
  const state = await stage.server.stateAt(session, pausedAt);
  for (const player of players) {
    expect(await statesAfter(player, pausedAt), "it stands still").toEqual([state]);
    expect(await changes(player)).toMatchObject([
      { changed: { at: pausedAt, isLate: false, stepsTakenBack: 0 } },
    ]);
  }

  const mendedAt = Date.now();
  offline.network.mend("reset");
  const { changed, truthMs } = await firstChange(offline);
  expect(changed, "it says that it was put right").toMatchObject({ at: pausedAt, isLate: true });
  expect(changed?.stepsTakenBack).toBeGreaterThanOrEqual(Math.floor((mendedAt - pausedAt) / 100) - 1);
  await offline.isAskedAfter(truthMs + 500);
  expect(await statesAfter(offline, truthMs)).toEqual([state]);
  expectNoTickTwice(await offline.happened());

  // Its stream opens again at a random moment. Until then it polls, and learns of a change up to five seconds late.
  await until("the stream of the player who was offline", () =>
    offline.tab.evaluate(() => window.session.isListening, undefined),
  );
  const resumedAt = Date.now() + 1_500;
  await stage.server.change(session, "resume", { at: new Date(resumedAt).toISOString() });
  const everybody = [...players, offline];
  await Promise.all(everybody.map((player) => player.isAskedAfter(resumedAt + 1_500)));
  const later = await stage.server.stateAt(session, resumedAt + 1_000);
  for (const player of everybody) {
    const { step, status } = await player.tab.evaluate(
      (at) => ({ step: window.session.timeline.stepAt(at), status: window.session.status }),
      resumedAt + 1_000,
    );
    expect({ step, status }).toEqual({ step: later.step, status: "running" });
    expectNoTickTwice(await player.happened());
  }
});

test("with a notice, behind nginx and its cache, nobody is ever put right", {
  timeout: 120_000,
}, async () => {
  const { chromium, firefox, webkit } = started();
  several = await startSeveral();
  const { port } = several;
  const address = `http://127.0.0.1:${port}/v1/sessions`;
  const { id } = await post(address, { tick_ms: 100, notice_ms: NOTICE_MS });
  const view = { session: id, port, delays: NEAR };
  const players = await Promise.all([
    stage.look({ ...view, browser: chromium }),
    stage.look({ ...view, browser: chromium, scripts: [WITHOUT_STREAMS] }),
    stage.look({ ...view, browser: chromium, scripts: [WITHOUT_STREAMS, wrongClock(-HOUR_MS)] }),
    stage.look({ ...view, browser: firefox, scripts: [WITHOUT_STREAMS] }),
    stage.look({ ...view, browser: webkit }),
    stage.look({ ...view, browser: webkit, scripts: [WITHOUT_STREAMS] }),
  ]);
  await Promise.all(players.map(isUnderWay));
  const { schedule } = await post(`${address}/${id}/pause`, {});
  const pausedAt = Date.parse(schedule?.[0]?.at ?? "");
  expect(pausedAt - Date.now()).toBeGreaterThan(NOTICE_MS);
  await Promise.all(players.map((player) => player.isAskedAfter(pausedAt + 2_000)));
  const steps = new Set<number>();
  for (const player of players) {
    const states = await statesAfter(player, pausedAt);
    expect(states).toHaveLength(1);
    steps.add(states[0]?.step ?? -1);
    expect(await changes(player)).toMatchObject([
      { changed: { at: pausedAt, isLate: false, stepsTakenBack: 0 } },
    ]);
    const samples = await player.samples();
    const seen = samples.map((sample) => sample.state.step);
    expect(seen, "no step is taken back").toEqual([...seen].sort((a, b) => a - b));
    expect(samples.length).toBeGreaterThan(100);
    expect(await player.tab.evaluate(() => window.session.isSettled, undefined)).toBe(true);
  }
  expect(steps.size, "all stand on one step").toBe(1);
});

/** Creates or changes a session. */
async function post(address: string, content: object): Promise<{ id: string; schedule?: { at: string }[] }> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(content) });
  expect(response.ok, `${address}: ${response.status}`).toBe(true);
  return (await response.json()) as { id: string; schedule?: { at: string }[] };
}

/** Returns the different states that a player showed after an instant, when its clock certainly showed a later one. */
async function statesAfter(player: Viewer, instant: number): Promise<readonly State[]> {
  const samples = await player.samples();
  const later = samples.filter(({ beforeMs, errorMs }) => beforeMs - errorMs > instant + 1);
  expect(later.length).toBeGreaterThan(5);
  return [...new Set(later.map(({ state }) => JSON.stringify(state)))].map(
    (state) => JSON.parse(state) as State,
  );
}

async function changes(player: Viewer): Promise<readonly Happened[]> {
  return (await player.happened()).filter(({ kind }) => kind === "changed");
}

function firstChange(player: Viewer): Promise<Happened> {
  return until("the change", async () => (await changes(player))[0], 20_000);
}

/** A tick that was reported is not reported again, even if it was taken back. */
function expectNoTickTwice(happened: readonly Happened[]): void {
  const steps = happened.filter(({ kind }) => kind === "tick").map(({ state }) => state?.step ?? -1);
  expect(new Set(steps).size).toBe(steps.length);
}
