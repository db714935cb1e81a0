import { describe, expect, it } from "vitest";

import { howToSeeIt } from "../breaches.js";
import type { PromiseName } from "../promises.js";
import { runScenario } from "../run.js";
import { scenarioNamed } from "../scenarios.js";
import { type Faults, standIn } from "../stand-ins.js";

/** The number of syncs that show whether a clock is honest. */
const SYNCS_OF_A_STAND_IN = 3_000;

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
