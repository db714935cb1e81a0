/** What has to hold of everything that a page was told: the server itself is asked. */
import { expect } from "vitest";

import type { State } from "../../src/index.js";
import type { Happened, Sample } from "./recorder.js";
import type { TestServer } from "./server.js";

/** How coarse the truth is: `Date.now` may be rounded up or down. */
const RESOLUTION_MS = 1;

/** What the server says of a session, for every step once. */
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

  /** Of a session as it now is. */
  static async of(server: TestServer, id: string): Promise<Verdicts> {
    const { start_at, tick_ms, stopped_at } = await server.session(id);
    const stoppedAt = stopped_at == null ? Number.POSITIVE_INFINITY : Date.parse(stopped_at);
    return new Verdicts(server, id, Date.parse(start_at), tick_ms, stoppedAt);
  }

  /** Which step runs at an instant. */
  step(instant: number): number {
    return Math.floor((Math.min(instant, this.#stoppedAt) - this.#startAt) / this.#tickMs);
  }

  /** When a step begins. */
  timeOf(step: number): number {
    return this.#startAt + step * this.#tickMs;
  }

  /** The state of a step. */
  state(step: number): Promise<State> {
    const known = this.#states.get(step) ?? this.#server.stateAt(this.#id, this.timeOf(step));
    this.#states.set(step, known);
    return known;
  }
}

/** The clock never claimed to be better than it was, and never went backward. */
export function expectClockRight(samples: readonly Sample[]): void {
  const isWrong = ({ beforeMs, afterMs, nowMs, errorMs }: Sample): boolean =>
    nowMs < beforeMs - RESOLUTION_MS - errorMs || nowMs > afterMs + RESOLUTION_MS + errorMs;
  expect(samples.filter(isWrong), "the clock is off by more than it says").toEqual([]);
  const wentBack = samples.filter(({ nowMs }, index) => nowMs < (samples[index - 1]?.nowMs ?? 0));
  expect(wentBack, "the clock went backward").toEqual([]);
}

/** Every state was the server's, for an instant within the clock's error; and the range of states held the true one. */
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

/** Every tick told was the server's, in order, none twice, none early; and every break was told with its tick. */
export async function expectTicksRight(happened: readonly Happened[], verdicts: Verdicts): Promise<void> {
  const ticks = ticksOf(happened);
  const disordered = ticks.filter(({ step }, index) => step <= (ticks[index - 1]?.step ?? -1));
  expect(disordered, "steps told twice or out of order").toEqual([]);
  for (const { kind, state, truthMs, errorMs } of happened) {
    if (kind === "tick" && state !== undefined) {
      expect(state).toEqual(await verdicts.state(state.step));
      expect(truthMs + RESOLUTION_MS + errorMs).toBeGreaterThanOrEqual(verdicts.timeOf(state.step));
    }
  }
  const breaks = happened.filter(({ kind }) => kind === "break").map(({ state }) => state);
  expect(breaks).toEqual(ticks.filter(({ broken }) => broken));
}

/** No step was left out. */
export function expectNoneLeftOut(happened: readonly Happened[]): void {
  const steps = ticksOf(happened).map(({ step }) => step);
  expect(steps).toEqual(steps.map((_, index) => (steps[0] ?? 0) + index));
}

/** From so many milliseconds after an instant on the clock was sure of itself. */
export function expectSure(samples: readonly Sample[], sinceMs: number, withinMs: number): void {
  const later = samples.filter(({ beforeMs }) => beforeMs > sinceMs + withinMs);
  expect(later.length).toBeGreaterThan(10);
  expect(later.filter(({ synced }) => !synced)).toEqual([]);
}

/** The clock was compared with the server's within so many milliseconds after an instant. */
export function expectSynced(happened: readonly Happened[], sinceMs: number, withinMs: number): void {
  const sync = happened.find(({ kind, truthMs }) => kind === "sync" && truthMs >= sinceMs);
  expect((sync?.truthMs ?? Number.NaN) - sinceMs, "synced after so long").toBeLessThanOrEqual(withinMs);
}

/** The states of all ticks told. */
export function ticksOf(happened: readonly Happened[]): readonly State[] {
  return happened.flatMap(({ kind, state }) => (kind === "tick" && state !== undefined ? [state] : []));
}
