/** The stage on which one program of a text runs: a virtual world with a server that has every session. */
import type { ComponentType } from "react";
import { vi } from "vitest";

import { connect, getSession, loadEngine, openClock, Timeline } from "../../src/index.js";
import { reactions } from "../../src/testing/virtual/agenda.js";
import { ADDRESS, HttpWorld, RECORD } from "../world/http-world.js";
import { makeChangeable } from "./changeable.js";
import type { Names } from "./names.js";

/** For how long the listeners of a program run. */
const AFTERWARDS_MS = 30_000;
/** For how long a program may run, in real milliseconds. */
const PATIENCE_MS = 20_000;

const world = new HttpWorld();
makeChangeable(world.server);
// The platform of the package is replaced by that of this world; see the test.
Object.assign(globalThis, { snippetWorld: world });
// Loaded in advance, because virtual time passes while a program waits for code.
await Promise.all([import("../../src/session/control.js"), import("../../src/session/ahead.js")]);

const address = `${ADDRESS}/v1/sessions/${RECORD.id}`;

/** How each name is made. */
const MAKERS: { readonly [Name in keyof Names]: () => Names[Name] | Promise<Names[Name]> } = {
  address: () => address,
  addresses: () => [address, `${ADDRESS}/v1/sessions/sess_2`],
  record: () => getSession(address),
  session: () => connect(address),
  clock: () => openClock(ADDRESS),
  timeline: async () => {
    await loadEngine();
    return new Timeline(RECORD);
  },
  show: () => nothing,
  play: () => nothing,
  freeze: () => nothing,
  roll: () => nothing,
  draw: () => nothing,
  markAsProvisional: () => nothing,
  requestAnimationFrame: () => (run) => {
    world.page.set(() => run(world.machine.monotonicMs()), 16);
    return 0;
  },
  // Somebody clicks at once.
  button: () => ({ addEventListener: (_type, listener) => listener() }),
  AudioContext: () => FakeAudioContext as unknown as typeof AudioContext,
  OscillatorNode: () => FakeOscillator as unknown as typeof OscillatorNode,
  console: () => ({ log: nothing }),
};

/** Runs a program with the names that it uses, then lets time pass for its listeners, past a stop of its session. */
export async function perform<Name extends keyof Names>(
  names: readonly Name[],
  program: (given: Pick<Names, Name>) => Promise<void>,
): Promise<void> {
  const given: Partial<Names> = {};
  for (const name of names) {
    Object.assign(given, { [name]: await until(Promise.resolve(MAKERS[name]())) });
  }
  await until(program(given as Pick<Names, Name>));
  await vi.dynamicImportSettled();
  await world.pass(AFTERWARDS_MS);
  if (world.server.records.has(RECORD.id)) {
    world.server.stop(world.now + 1_000);
  }
  await world.pass(AFTERWARDS_MS);
}

/** Renders a component as a server does, which runs everything in it but effects. */
export async function render(component: ComponentType<{ address: string }>): Promise<void> {
  const { createElement } = await import("react");
  const { renderToString } = await import("react-dom/server");
  if (!renderToString(createElement(component, { address })).includes("connecting")) {
    throw new Error("the component shows nothing");
  }
}

/** Waits for a promise while time passes. It may also wait for the disk, to load code. */
async function until<Result>(promise: Promise<Result>): Promise<Result> {
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  promise.then(note, note);
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSettled && performance.now() < deadline) {
    await reactions();
    if (!isSettled) {
      world.agenda.doNext();
    }
  }
  if (!isSettled) {
    throw new Error(`the program has not ended after ${PATIENCE_MS} ms`);
  }
  return promise;
}

class FakeAudioContext {
  readonly state = "running";
  readonly destination = {};

  get currentTime(): number {
    return world.machine.monotonicMs() / 1_000;
  }
}

class FakeOscillator {
  readonly connect = nothing;
  readonly disconnect = nothing;
  readonly start = nothing;
  readonly stop = nothing;
}

function nothing(): void {
  // The reader's own function.
}
