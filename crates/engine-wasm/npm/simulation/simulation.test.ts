import { describe, expect, it } from "vitest";

import { type FoundBreach, Measures } from "./measures.js";
import type { PromiseName } from "./promises.js";
import { runScenario } from "./run.js";
import { SCENARIOS, type Scenario, scenarioNamed } from "./scenarios.js";
import { type Observation, ROUNDS_OF_REACTIONS, Session } from "./session.js";
import { type Faults, standIn } from "./stand-ins.js";
import { ourClock } from "./subject.js";

/** Over all scenarios. scripts/simulate-clock runs a million. */
const SYNCS = 20_000;
const SYNCS_EACH = Math.ceil(SYNCS / SCENARIOS.length);
/** The number of syncs that show whether a clock is honest. */
const SYNCS_OF_A_STAND_IN = 3_000;

function howToSeeIt({ promise, scenario, seed, atMs, detail }: FoundBreach): string {
  return `${promise}, at ${atMs.toFixed(3)}: ${detail}; scripts/simulate-clock --replay ${scenario} ${seed}`;
}

describe("the clock keeps its promises", () => {
  it.each(SCENARIOS)("$name: $why", async (scenario) => {
    const measures = await runScenario(scenario, SYNCS_EACH, ourClock);
    expect(measures.breaches.map(howToSeeIt)).toEqual([]);
    expect(measures.counts.syncs).toBeGreaterThanOrEqual(SYNCS_EACH);
  });
});

describe("the 99th percentile of errors is smaller than that of the baselines", () => {
  it.each(["lan", "wifi", "4g", "bufferbloat", "180ms", "drift", "sleeps", "wall-set"])(
    "%s",
    async (name) => {
      const measures = await runScenario(scenarioNamed(name), SYNCS_EACH, ourClock);
      const clock = measures.series("random clock").percentile(99);
      expect(clock).toBeLessThan(measures.series("random timesync").percentile(99) ?? 0);
      expect(clock).toBeLessThan(measures.series("random single").percentile(99) ?? 0);
    },
  );
});

describe("the 99th percentile of errors is near its target; scripts/simulate-clock compares it exactly", () => {
  /** So few syncs do not allow a stricter test. */
  const SLACK = 1.5;

  it.each(SCENARIOS.filter(({ targets }) => targets.onlineMs !== undefined))("$name", async (scenario) => {
    const measures = await runScenario(scenario, 2 * SYNCS_EACH, ourClock);
    const most = SLACK * (scenario.targets.onlineMs ?? 0);
    expect(measures.series("random clock").percentile(99)).toBeLessThan(most);
    expect(measures.series("settled clock").percentile(99)).toBeLessThan(most);
  });
});

describe("another clock", () => {
  it.each(["lan", "wifi", "4g", "bufferbloat", "drift", "rate-changes", "sleeps", "background"])(
    "passes if it is honest: %s",
    async (name) => {
      const measures = await runScenario(scenarioNamed(name), SYNCS_OF_A_STAND_IN, standIn());
      expect(measures.breaches.map(howToSeeIt)).toEqual([]);
    },
  );

  it.each<[PromiseName, string, Faults]>([
    ["truth within errorMs", "wifi", { errorTimes: 0.7 }],
    ["truth within errorMs", "uneven-10-70", { errorTimes: 0.65 }],
    ["truth within errorMs", "drift", { drift: 0.000_05 }],
    ["truth within errorMs", "two-servers", {}],
    ["truth within errorMs", "timers-100ms", {}],
    ["truth within errorMs", "sleeps", { isBlindToSleep: true }],
    ["not synced once disrupted", "sleeps", { isBlindToSleep: true }],
    ["not synced once disrupted", "wall-set", { isBlindToSleep: true }],
    ["truth within errorMs", "sleeps", { trustsAnswersAfterSleep: true }],
    ["synced again within 2 s", "sleeps", { waitsAfterSleep: true }],
    ["never backward", "wifi", { goesBack: true }],
    ["slewed by at most 0.5 %", "wifi", { jumps: true }],
    ["halts only for 128 ms or more", "wifi", { jumps: true }],
    ["few requests", "wifi", { pauseMs: 6_000 }],
    ["nothing left when closed", "wifi", { leavesTimer: true }],
    ["nothing thrown", "wifi", { throws: true }],
  ])("is caught if it breaks “%s”: %s, %o", async (promise, name, faults) => {
    const measures = await runScenario(scenarioNamed(name), SYNCS_OF_A_STAND_IN, standIn(faults));
    expect([...measures.broken.keys()]).toContain(promise);
  });
});

describe("a session", () => {
  const all = async (scenario: Scenario, seed: number, rounds: number): Promise<Observation[]> => {
    const readings: Observation[] = [];
    const observer = { seen: (seen: Observation): void => void readings.push(seen) };
    await new Session(scenario, seed, ourClock, new Measures(), observer, rounds).run();
    return readings;
  };

  it.each(SCENARIOS)("is the same each time, and with more rounds of reactions: $name", async (scenario) => {
    const readings = await all(scenario, 1, ROUNDS_OF_REACTIONS);
    expect(readings.length).toBeGreaterThan(20);
    expect(await all(scenario, 1, ROUNDS_OF_REACTIONS)).toEqual(readings);
    expect(await all(scenario, 1, 4 * ROUNDS_OF_REACTIONS)).toEqual(readings);
  });

  it("differs between seeds", async () => {
    const wifi = scenarioNamed("wifi");
    expect(await all(wifi, 1, ROUNDS_OF_REACTIONS)).not.toEqual(await all(wifi, 2, ROUNDS_OF_REACTIONS));
  });
});
