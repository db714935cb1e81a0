/** What goes wrong with machines while a page is open. */
import type { Rng } from "../src/testing/virtual/random.js";
import type { Incident, SimulatedWorld } from "./simulated-world.js";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Repeats something at random instants. */
function repeatedly(world: SimulatedWorld, rng: Rng, everyMs: number, run: () => void): void {
  world.agenda.in(rng.exponential(everyMs), () => {
    run();
    repeatedly(world, rng, everyMs, run);
  });
}

/**
 * A lid that is closed for two seconds to four hours, sometimes while a request is in flight. Wi-Fi is often back at once,
 * otherwise within a few seconds.
 */
export const sleeps: Incident = (world, rng) =>
  repeatedly(world, rng, 4 * MINUTE_MS, () => {
    const networkBackAfterMs = rng.chance(0.3) ? rng.between(SECOND_MS, 4 * SECOND_MS) : 0;
    const lengthMs = rng.betweenLog(2 * SECOND_MS, 4 * HOUR_MS);
    const sleep = (): void => world.sleep(lengthMs, networkBackAfterMs);
    if (rng.chance(0.4)) {
      world.duringQuestion(sleep);
    } else {
      sleep();
    }
  });

/** A wall clock that is set forward or back: by a step of NTP, by hand, or by correcting the time zone. */
export const wallSet: Incident = (world, rng) =>
  repeatedly(world, rng, 3 * MINUTE_MS, () => {
    world.setWall(rng.pick([-1, 1]) * rng.betweenLog(0.13 * SECOND_MS, 6 * HOUR_MS));
  });

/** Ten minutes online, then five offline. */
export const outageAfterTenMinutes: Incident = (world) => {
  world.agenda.at(10 * MINUTE_MS, () => world.outage(5 * MINUTE_MS));
};

/** A page that is hidden for minutes: its timers run once a second, and after five minutes once a minute. */
export const hidden: Incident = (world, rng) => {
  const hide = (): void => {
    const lengthMs = rng.between(MINUTE_MS, 10 * MINUTE_MS);
    world.throttle("second");
    if (lengthMs > 5 * MINUTE_MS) {
      world.agenda.in(5 * MINUTE_MS, () => world.throttle("minute"));
    }
    world.agenda.in(lengthMs, () => {
      world.throttle("none");
      world.agenda.in(rng.exponential(MINUTE_MS), hide);
    });
  };
  world.agenda.in(rng.exponential(2 * MINUTE_MS), hide);
};
