/** One session to look at: Wi-Fi, and a sleep of two minutes during which the monotonic clock stands still. */
import { Measures } from "./measures.js";
import { scenarioNamed } from "./scenarios.js";
import { type Seen, Session } from "./session.js";
import { ourClock } from "./subject.js";

const MINUTE_MS = 60_000;
const SLEEPS_AT_MS = 8 * MINUTE_MS;
const SLEEP_MS = 2 * MINUTE_MS;
const SEED = 1;

/** All that was read of the clock. */
export async function portrait(): Promise<Seen[]> {
  const wifi = scenarioNamed("wifi");
  const readings: Seen[] = [];
  const traits: typeof wifi.traits = (rng) => {
    const world = wifi.traits(rng);
    return {
      ...world,
      machine: { ...world.machine, stopsInSleep: true },
      happenings: [(it) => it.agenda.at(SLEEPS_AT_MS, () => it.sleep(SLEEP_MS, 0))],
      awakeMs: 14 * MINUTE_MS,
      readsEveryMs: 500,
      readsAtOnce: true,
      hasSigns: false,
    };
  };
  const session = new Session({ ...wifi, traits }, SEED, ourClock, new Measures(), {
    seen: (seen) => readings.push(seen),
  });
  await session.run();
  return readings;
}
