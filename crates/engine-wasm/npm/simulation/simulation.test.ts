import { describe, expect, it } from "vitest";

import { howToSeeIt } from "./breaches.js";
import { runScenario } from "./run.js";
import { SCENARIOS, scenarioNamed } from "./scenarios.js";
import { ourClock } from "./subject.js";

/** Over all scenarios. scripts/simulate-clock runs a million. */
const SYNCS = 20_000;
const SYNCS_EACH = Math.ceil(SYNCS / SCENARIOS.length);

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
