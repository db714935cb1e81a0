/** An example session: Wi-Fi, and a sleep of two minutes during which the monotonic clock stands still. */
import { Measures } from "./measures.js";
import { scenarioNamed } from "./scenarios.js";
import { type Observation, Session } from "./session.js";
import { ourClock } from "./subject.js";

const MINUTE_MS = 60_000;
const SLEEPS_AT_MS = 8 * MINUTE_MS;
const SLEEP_MS = 2 * MINUTE_MS;
const SEED = 1;

/** Returns all readings of the clock. */
export async function exampleSession(): Promise<Observation[]> {
  const wifi = scenarioNamed("wifi");
  const readings: Observation[] = [];
  const traits: typeof wifi.traits = (rng) => {
    const world = wifi.traits(rng);
    return {
      ...world,
      machine: { ...world.machine, stopsInSleep: true },
      incidents: [(it) => it.agenda.at(SLEEPS_AT_MS, () => it.sleep(SLEEP_MS, 0))],
      awakeMs: 14 * MINUTE_MS,
      readsEveryMs: 500,
      readsAtOnce: true,
      hasWakeEvents: false,
    };
  };
  const session = new Session({ ...wifi, traits }, SEED, ourClock, new Measures(), {
    seen: (seen) => readings.push(seen),
  });
  await session.run();
  return readings;
}
