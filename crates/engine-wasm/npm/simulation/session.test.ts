import { describe, expect, it } from "vitest";

import { Measures } from "./measures.js";
import { SCENARIOS, type Scenario, scenarioNamed } from "./scenarios.js";
import { type Observation, ROUNDS_OF_REACTIONS, Session } from "./session.js";
import { ourClock } from "./subject.js";

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
