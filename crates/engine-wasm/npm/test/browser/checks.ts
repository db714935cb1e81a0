/** Checks of everything that a page recorded, against the server itself. */
import { expect } from "vitest";

import type { State } from "../../src/index.js";
import type { Happened, Sample } from "./recorder.js";
import type { TestServer } from "./server.js";
import type { Viewer } from "./stage.js";
import { until } from "./until.js";

/** The resolution of the truth: `Date.now` may be rounded up or down. */
const RESOLUTION_MS = 1;

/** How soon a page must be synced again after an interruption. */
export const SURE_WITHIN_MS = 2_000;

/** The server's states of a session, each requested once. */
export class Verdicts {
  readonly #server: TestServer;
  readonly #id: string;
  readonly #startAt: number;
  readonly #tickMs: number;
  readonly #stoppedAt: number;
  readonly #states = new Map<number, Promise<State>>();

  private constructor(server: TestServer, id: string, startAt: number, tickMs: number, stoppedAt: number) {
    this.#server = server;
    this.#id = id;
    this.#startAt = startAt;
    this.#tickMs = tickMs;
    this.#stoppedAt = stoppedAt;
  }

  /** Reads a session as it now is. */
  static async of(server: TestServer, id: string): Promise<Verdicts> {
    const { start_at, tick_ms, stopped_at } = await server.session(id);
    const stoppedAt = stopped_at == null ? Number.POSITIVE_INFINITY : Date.parse(stopped_at);
    return new Verdicts(server, id, Date.parse(start_at), tick_ms, stoppedAt);
  }

  /** Returns the step at an instant. */
  step(instant: number): number {
    return Math.floor((Math.min(instant, this.#stoppedAt) - this.#startAt) / this.#tickMs);
  }

  /** Returns when a step begins. */
  timeOf(step: number): number {
    return this.#startAt + step * this.#tickMs;
  }

  /** Returns the state of a step. */
  state(step: number): Promise<State> {
    const known = this.#states.get(step) ?? this.#server.stateAt(this.#id, this.timeOf(step));
    this.#states.set(step, known);
    return known;
  }
}

/** Checks that the clock kept its bound and never went backward. */
export function expectClockRight(samples: readonly Sample[]): void {
  const isWrong = ({ beforeMs, afterMs, nowMs, errorMs }: Sample): boolean =>
    nowMs < beforeMs - RESOLUTION_MS - errorMs || nowMs > afterMs + RESOLUTION_MS + errorMs;
  expect(samples.filter(isWrong), "the clock is off by more than it says").toEqual([]);
  const wentBack = samples.filter(({ nowMs }, index) => nowMs < (samples[index - 1]?.nowMs ?? 0));
  expect(wentBack, "the clock went backward").toEqual([]);
}

/** Checks that every state was the server's within the clock's error, and every range contained the true state. */
export async function expectStatesRight(samples: readonly Sample[], verdicts: Verdicts): Promise<void> {
  for (const sample of samples) {
    const { beforeMs, afterMs, errorMs, state, earliest, latest } = sample;
    expect(state).toEqual(await verdicts.state(state.step));
    const about = JSON.stringify(sample);
    expect(state.step, about).toBeGreaterThanOrEqual(verdicts.step(beforeMs - RESOLUTION_MS - errorMs));
    expect(state.step, about).toBeLessThanOrEqual(verdicts.step(afterMs + RESOLUTION_MS + errorMs));
    expect(earliest.step, about).toBeLessThanOrEqual(verdicts.step(afterMs + RESOLUTION_MS));
    expect(latest.step, about).toBeGreaterThanOrEqual(verdicts.step(beforeMs - RESOLUTION_MS));
  }
}

/** Checks that all ticks and breaks were the server's, in order, never twice and never early, and that no break was left out. */
export async function expectTicksRight(happened: readonly Happened[], verdicts: Verdicts): Promise<void> {
  const ticks = ticksOf(happened);
  const disordered = ticks.filter(({ step }, index) => step <= (ticks[index - 1]?.step ?? -1));
  expect(disordered, "steps reported twice or out of order").toEqual([]);
  for (const { kind, state, truthMs, errorMs } of happened) {
    if ((kind === "tick" || kind === "break") && state !== undefined) {
      expect(state).toEqual(await verdicts.state(state.step));
      expect(truthMs + RESOLUTION_MS + errorMs).toBeGreaterThanOrEqual(verdicts.timeOf(state.step));
    }
  }
  const rounds = happened.flatMap(({ kind, state }) =>
    kind === "break" ? [state?.round ?? Number.NaN] : [],
  );
  // The first tick is that of a step that had begun before.
  const [before = 0, last = 0] = [ticks[0]?.round, ticks.at(-1)?.round];
  expect(rounds).toEqual(Array.from({ length: last - before }, (_, index) => before + 1 + index));
}

/** Checks that no step was skipped. */
export function expectNoneLeftOut(happened: readonly Happened[]): void {
  const steps = ticksOf(happened).map(({ step }) => step);
  expect(steps).toEqual(steps.map((_, index) => (steps[0] ?? 0) + index));
}

/** Checks that the clock was synced from a number of milliseconds after an instant. */
export function expectSure(samples: readonly Sample[], sinceMs: number, withinMs: number): void {
  const later = samples.filter(({ beforeMs }) => beforeMs > sinceMs + withinMs);
  expect(later.length).toBeGreaterThan(10);
  expect(later.filter(({ synced }) => !synced)).toEqual([]);
}

/** Checks that the clock was compared with the server's within a number of milliseconds after an instant. */
export function expectSynced(happened: readonly Happened[], sinceMs: number, withinMs: number): void {
  const sync = happened.find(({ kind, truthMs }) => kind === "sync" && truthMs >= sinceMs);
  expect((sync?.truthMs ?? Number.NaN) - sinceMs, "time until synced, in ms").toBeLessThanOrEqual(withinMs);
}

/** Checks everything that a page has recorded, and that it is soon synced after an instant. */
export async function expectRightSince(
  server: TestServer,
  viewer: Viewer,
  session: string,
  sinceMs: number,
): Promise<void> {
  await viewer.isAskedAfter(sinceMs + SURE_WITHIN_MS + 1_000);
  const [samples, happened] = await Promise.all([viewer.samples(), viewer.happened()]);
  const verdicts = await Verdicts.of(server, session);
  expectClockRight(samples);
  await expectStatesRight(samples, verdicts);
  await expectTicksRight(happened, verdicts);
  expectSure(samples, sinceMs, SURE_WITHIN_MS);
}

/** Waits for some ticks. */
export async function isUnderWay(viewer: Viewer): Promise<void> {
  await until("some ticks", async () => ticksOf(await viewer.happened()).length > 10);
}

/** Returns the states of all recorded ticks. */
export function ticksOf(happened: readonly Happened[]): readonly State[] {
  return happened.flatMap(({ kind, state }) => (kind === "tick" && state !== undefined ? [state] : []));
}
