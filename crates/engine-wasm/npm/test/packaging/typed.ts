/** Programs that compile only if the package's types are right. */

/** Uses the types of the engine. */
export const typedEngine = (entry: string) => `
import {
  type BreakInterval, type Draw, ENGINE_VERSION, EngineError, type EngineErrorCode, type EngineSource, type Instant,
  loadEngine, type Round, type Rules, type ScheduleChange, type SessionDefinition, type SessionStatus, type State, stateAt, Timeline,
} from "${entry}";

const version: 1 = ENGINE_VERSION;
const interval: BreakInterval = { min: 1, max: 2 };
const rules: Rules = { break_interval: interval };
const schedule: ScheduleChange[] = [{ at: new Date(10), paused: true }, { at: 20, tick_ms: 50 }];
const session: SessionDefinition = { seed: "a", start_at: new Date(0), tick_ms: 100, rules, schedule, stopped_at: null };
const source: EngineSource = new URL("https://cdn.example/tickseed_bg.wasm");
await loadEngine(source);
const now: Instant = 5;
const state: State = stateAt(session, now);
const timeline = new Timeline(session);
const status: SessionStatus = timeline.statusAt(now);
const step: number | null = timeline.stepAt(now);
const round: Round = timeline.roundOf(state.step);
const draw: Draw = timeline.draw(step ?? 0, "dice");
const cards: string[] = draw.shuffle(["ace", "king"]);
const code: EngineErrorCode = new EngineError("freed", "draw", "a message").code;
const numbers: number[] = [draw.word(), draw.unit(), draw.below(6), draw.between(1, 6), draw.pick([1, 2]), timeline.value(1), round.nextBreak];
draw.free();
timeline[Symbol.dispose]();
// @ts-expect-error: draws are created only by timelines
new (draw.constructor as typeof Draw)();
// @ts-expect-error: results are read-only
state.value = 5;
// @ts-expect-error: a seed is a string
new Timeline({ seed: 5, start_at: 0, tick_ms: 100 });
export { cards, code, numbers, status, version };
`;

/** Uses the types of sessions. */
export const typedSessions = (entry: string) => `
import {
  type Break, type CatchUp, type Changed, type Clock, type ClockReading, connect, type ConnectOptions, type CreatedSession, createSession, getSession,
  type LiveSession, type NewSession, openClock, pauseSession, type Problem, readSession, resumeSession, type SessionErrorCode,
  type SessionReading, type SessionRecord, type SessionStatus, ServerError, SessionError, setRate, type Settled,
  type AheadOptions, type AudioClock, type ComingStep, type Frame, type NewChange, type NewRules, type Round, type StateRange, type Stop, type Stopped, stopSession, type State, type Tick, Timeline, withdraw,
} from "${entry}";

const server = new URL("https://ticks.example");
const wish: NewSession = { tickMs: 100, startAt: new Date(0), rules: { breakInterval: { min: 1, max: 2 } }, metadata: { level: 1 } };
const { address, record }: CreatedSession = await createSession(server, wish, { signal: AbortSignal.timeout(1) });
const created: SessionRecord = record;
const clock: Clock = await openClock(server);
const catchUp: CatchUp = "latest";
const options: ConnectOptions = { clock, catchUp, engine: new URL("file:///tickseed_bg.wasm"), signal: undefined };
const session: LiveSession = await connect(address, options);
const off: () => void = session.on("tick", ({ value, broken, at, behindMs }: Tick) => [value + 1, !broken, at - behindMs]);
session.on("break", ({ step, ended, isSettled, skipped }: Break) => [step - ended.interval, !isSettled, skipped + 1]);
session.on("breakSettled", ({ at }: Break) => at + 1);
session.on("stopped", ({ state, stoppedAt, isLate, stepsTakenBack, breaksTakenBack }: Stopped) => [state, stoppedAt, isLate, stepsTakenBack, breaksTakenBack[0]?.step]);
session.on("sync", ({ now, errorMs, synced }: ClockReading) => [now + errorMs, !synced]);
session.on("state", ({ step }: State) => step + 1);
session.on("changed", ({ schedule, at, state, isLate, stepsTakenBack }: Changed) => [schedule[0]?.at, at, state.step, isLate, stepsTakenBack]);
session.on("status", (status: SessionStatus) => status === "paused");
session.on("settled", ({ isSettled, settledUntil }: Settled) => [isSettled, settledUntil]);
const { earliest, latest }: StateRange = session.stateRange();
const steps: number[] = [earliest.step, latest.step, session.state().round, session.draw(5, "dice").below(6)];
const frame: Frame = session.frame(session.frame());
const parts: [number, number | undefined] = [frame.fraction + frame.value, frame.nextBreakInMs];
const rounds: Round[] = [session.round(), ...session.rounds(3)];
const moment: State = session.at(new Date(0));
const audio: AudioClock = { currentTime: 0, state: "running" };
const ahead: AheadOptions = { audio };
session.ahead(200, ({ at, performanceAt, audioAt, broken }: ComingStep) => {
  const instants: (number | undefined)[] = [at, performanceAt, audioAt];
  return broken ? () => instants.pop() : undefined;
}, ahead);
session.ahead(200, () => {});
const rules: NewRules = { roundsPerEpoch: 2 };
const schedule: NewChange[] = [{ at: 0, paused: true }, { at: "1970-01-01T00:00:01Z", tickMs: 50 }];
await createSession(server, { tickMs: 100, rules, schedule });
const ended: Stop = await session.stop({ at: session.clock.now + 5_000 });
const records: SessionRecord[] = [await session.pause(), await session.resume({ tickMs: 5 }), await session.setRate(9), await session.withdraw()];
const own: string = session.address;
// @ts-expect-error: the inner workings are not part of the types
session.internals;
// @ts-expect-error: a step comes before a channel
session.draw("dice", 5);
const stop: Stop = await stopSession(address, { at: new Date(0) });
const { etag, settledUntil }: SessionReading = await readSession(address);
const paused: SessionRecord = await pauseSession(address, { at: clock.now, ifMatch: etag, replaceLater: true });
await resumeSession(address, { tickMs: 50 });
await setRate(address, 200, { at: new Date(0) });
await withdraw(address, { from: settledUntil });
// @ts-expect-error: the names of options are not those of the JSON
resumeSession(address, { tick_ms: 50 });
// The engine takes what the server returns.
const timeline = new Timeline(await getSession(address));
const reasonOf = (error: unknown): string | undefined => {
  if (error instanceof ServerError) {
    const problem: Problem = error.problem;
    return problem.errors?.[0]?.field;
  }
  return error instanceof SessionError ? (error.code satisfies SessionErrorCode) : undefined;
};
// @ts-expect-error: the server's JSON is read-only
record.revision = 2;
// @ts-expect-error: there is no such event
session.on("tock", () => undefined);
// @ts-expect-error: the length of a tick is required
createSession(server, {});
export { created, ended, moment, off, own, parts, paused, records, rounds, steps, stop, timeline, reasonOf };
`;

/** A test of a game in a virtual world. */
export const typedTesting = `
import type { LiveSession, SessionRecord } from "tickseed";
import { type VirtualDevice, type VirtualWorld, virtualWorld } from "tickseed/testing";

export async function play(): Promise<SessionRecord> {
  const world: VirtualWorld = await virtualWorld({ now: new Date(0), seed: "a", clockAheadMs: 5 });
  const address: string = world.createSession({ tickMs: 100, rules: { breakInterval: { min: 1, max: 2 } } });
  const other: VirtualDevice = world.device({ latencyMs: 200 });
  const session: LiveSession = await other.connect(address, { catchUp: "all" });
  const timer: number = world.globals.setTimeout(() => session.close(), 1_000);
  world.globals.clearTimeout(timer);
  other.network.disconnect();
  other.sleep(1_000);
  await world.advance(1_000);
  await world.advanceTo("2030-01-01T00:00:00Z");
  // @ts-expect-error: the names are not those of the JSON
  world.createSession({ tick_ms: 100 });
  world.server.resumeSession(address, { tickMs: 50, at: world.now });
  return world.server.stopSession(address, { at: world.now + 1_000 });
}
`;

/** A page that shows the state of a session with the hook. */
export const reactPage = (address: string) => `
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { type SessionView, useSession } from "tickseed/react";

function Counter({ address }: { address: string }): ReactNode {
  const { state, isStopped, isPaused, isSettled, error }: SessionView = useSession(address, { catchUp: "all" });
  const none: SessionView = useSession(undefined);
  if (error !== undefined) {
    return <p>{String(error)}</p>;
  }
  if (state === undefined || none.state !== undefined) {
    return null;
  }
  return <p>{JSON.stringify([state, isStopped, isPaused, isSettled].slice(0, 2))}</p>;
}

// @ts-expect-error: an address is a string
const wrong = () => useSession(5);

createRoot(document.body.appendChild(document.createElement("div"))).render(<StrictMode><Counter address="${address}" /></StrictMode>);
export { wrong };
`;
