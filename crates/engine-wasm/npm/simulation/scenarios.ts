/** The worlds in which clocks are tested. */

import type { MachineTraits } from "../src/testing/virtual/machine.js";
import { type DriftTraits, MOST_DRIFT_PPM, usualDriftPpm } from "../src/testing/virtual/oscillator.js";
import type { Rng } from "../src/testing/virtual/random.js";
import type { Rounding } from "../src/testing/virtual/rounding.js";
import { hidden, outageAfterTenMinutes, sleeps, wallSet } from "./incidents.js";
import type { PathTraits } from "./network.js";
import { intercontinental, lan, mobile, saturated, uneven, wifi } from "./paths.js";
import type { WorldTraits } from "./simulated-world.js";

/** Targets for the 99th percentile of errors, without half of the path's asymmetry, in milliseconds. */
export interface Targets {
  readonly onlineMs?: number;
  readonly offlineMs?: number;
}

/** A kind of world. */
export interface Scenario {
  readonly name: string;
  /** Why it is tested, and what is special about it. */
  readonly why: string;
  readonly targets: Targets;
  /** Draws a world at random. */
  readonly traits: (rng: Rng) => WorldTraits;
}

/** The difference between the clocks of two servers, in milliseconds: as when one of them has lost NTP. */
const SERVERS_APART_MS = 40;
/** The range of errors of a wall clock: from a few seconds to several time zones. */
const WALL_WRONG_MS = [1_000, 5 * 3_600_000] as const;

function usualDrift(rng: Rng): DriftTraits {
  return { ppm: usualDriftPpm(rng), wanderPpm: 2, changesEveryMs: 0 };
}

/** Most browsers round to a tenth of a millisecond, plain or fuzzed, or to a few microseconds for isolated pages. */
function usualRounding(rng: Rng): Rounding {
  const roundings: Rounding[] = [
    { resolutionMs: 0.1, fuzzed: true },
    { resolutionMs: 0.1, fuzzed: false },
    { resolutionMs: 0.005, fuzzed: true },
    { resolutionMs: 0, fuzzed: false },
  ];
  return rng.pick(roundings);
}

function machine(rng: Rng, special: Partial<MachineTraits>): MachineTraits {
  return {
    drift: usualDrift(rng),
    rounding: usualRounding(rng),
    stopsInSleep: rng.chance(0.6),
    wallIsSteered: rng.chance(0.5),
    wallErrorMs: rng.pick([-1, 1]) * rng.betweenLog(...WALL_WRONG_MS),
    sleepPpm: rng.between(-100, 100),
    sleepsInSeconds: false,
    ...special,
  };
}

function world(
  rng: Rng,
  path: PathTraits,
  special: Partial<Omit<WorldTraits, "machine">> & { readonly machine?: Partial<MachineTraits> } = {},
): WorldTraits {
  return {
    path,
    serverOffsetsMs: [0],
    balancing: "each request",
    hasResourceTiming: rng.chance(0.5),
    hasWakeEvents: rng.chance(0.6),
    awakeMs: rng.between(5, 20) * 60_000,
    incidents: [],
    readsEveryMs: rng.pick([2_000, 15_000]),
    readsAtOnce: rng.chance(0.7),
    ...special,
    machine: machine(rng, special.machine ?? {}),
  };
}

const evenDrift = (rng: Rng): DriftTraits => ({
  ...usualDrift(rng),
  ppm: rng.between(-MOST_DRIFT_PPM, MOST_DRIFT_PPM),
});

const rounded = (rng: Rng, resolutionMs: number): { rounding: Rounding } => ({
  rounding: { resolutionMs, fuzzed: rng.chance(0.5) },
});

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "lan",
    why: "a switch or two: shows the delays of the page itself",
    targets: { onlineMs: 1 },
    traits: (rng) => world(rng, lan(rng)),
  },
  {
    name: "wifi",
    why: "what most people use: spikes and bad minutes",
    targets: { onlineMs: 1 },
    traits: (rng) => world(rng, wifi(rng)),
  },
  {
    name: "4g",
    why: "uneven directions, transmission slots, a radio that sleeps",
    targets: { onlineMs: 5 },
    traits: (rng) => world(rng, mobile(rng)),
  },
  {
    name: "bufferbloat",
    why: "an upload fills the queue: hundreds of ms, one direction, never quite empty",
    targets: {},
    traits: (rng) => world(rng, saturated(rng)),
  },
  {
    name: "180ms",
    why: "another continent: a long path that hardly varies",
    targets: { onlineMs: 1 },
    traits: (rng) => world(rng, intercontinental(rng)),
  },
  {
    name: "uneven-10-70",
    why: "10 ms there, 70 ms back, which no client can detect",
    targets: {},
    traits: (rng) => world(rng, uneven(rng, 10, 70)),
  },
  {
    name: "uneven-70-10",
    why: "the reverse",
    targets: {},
    traits: (rng) => world(rng, uneven(rng, 70, 10)),
  },
  {
    name: "drift",
    why: "Wi-Fi; drift uniform in ±500 ppm, all that NTP allows",
    targets: {},
    traits: (rng) => world(rng, wifi(rng), { machine: { drift: evenDrift(rng) } }),
  },
  {
    name: "rate-changes",
    why: "Wi-Fi; the drift jumps within ±500 ppm every four minutes, as while NTP catches up",
    targets: {},
    traits: (rng) =>
      world(rng, wifi(rng), { machine: { drift: { ...evenDrift(rng), changesEveryMs: 240_000 } } }),
  },
  {
    name: "timers-1ms",
    why: "Wi-Fi; clocks rounded to 1 ms, as in Safari and Firefox, half of them fuzzed",
    targets: {},
    traits: (rng) => world(rng, wifi(rng), { machine: rounded(rng, 1) }),
  },
  {
    name: "timers-frame",
    why: "Wi-Fi; rounded to 16.667 ms, as in Firefox with fingerprinting resistance, half of them fuzzed",
    targets: {},
    traits: (rng) => world(rng, wifi(rng), { machine: rounded(rng, 16.667) }),
  },
  {
    name: "timers-100ms",
    why: "Wi-Fi; rounded to 100 ms, as in older Firefox with fingerprinting resistance, half of them fuzzed",
    targets: {},
    traits: (rng) => world(rng, wifi(rng), { machine: rounded(rng, 100) }),
  },
  {
    name: "two-servers",
    why: "Wi-Fi; two servers 40 ms apart behind one address, balanced by request or by connection",
    targets: {},
    traits: (rng) =>
      world(rng, wifi(rng), {
        serverOffsetsMs: [0, rng.pick([-1, 1]) * SERVERS_APART_MS],
        balancing: rng.pick(["each request", "each connection"]),
      }),
  },
  {
    name: "sleeps",
    why: "Wi-Fi; sleeps of two seconds to four hours, with monotonic clocks that stop or keep running",
    targets: {},
    traits: (rng) => world(rng, wifi(rng), { incidents: [sleeps] }),
  },
  {
    name: "sleeps-in-seconds",
    why: "the same on a LAN; the clock that runs in sleep counts whole seconds, so the wall clock is wrong after it",
    targets: {},
    traits: (rng) =>
      world(rng, lan(rng), { incidents: [sleeps], machine: { sleepsInSeconds: true, stopsInSleep: true } }),
  },
  {
    name: "wall-set",
    why: "Wi-Fi; the wall clock is set forward or back, by a fraction of a second to six hours",
    targets: {},
    traits: (rng) => world(rng, wifi(rng), { incidents: [wallSet] }),
  },
  {
    name: "sleeps-and-wall-set",
    why: "both, with clocks of 100 ms, 1 ms or 0.1 ms",
    targets: {},
    traits: (rng) =>
      world(rng, wifi(rng), {
        incidents: [sleeps, wallSet],
        machine: { rounding: { resolutionMs: rng.pick([0.1, 1, 100]), fuzzed: rng.chance(0.5) } },
      }),
  },
  {
    name: "background",
    why: "Wi-Fi; a hidden page, whose timers run once a second, later once a minute",
    targets: {},
    traits: (rng) => world(rng, wifi(rng), { incidents: [hidden] }),
  },
  {
    name: "offline-wifi",
    why: "ten minutes of Wi-Fi, then five offline",
    targets: { offlineMs: 2 },
    traits: (rng) =>
      world(rng, wifi(rng), { incidents: [outageAfterTenMinutes], awakeMs: OFFLINE_EXPERIMENT_MS }),
  },
  {
    name: "offline-4g",
    why: "the same with 4G",
    targets: { offlineMs: 6 },
    traits: (rng) =>
      world(rng, mobile(rng), { incidents: [outageAfterTenMinutes], awakeMs: OFFLINE_EXPERIMENT_MS }),
  },
];

/** Ten minutes online, five offline, one more to recover. */
const OFFLINE_EXPERIMENT_MS = 16 * 60_000;

export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) {
    throw new Error(`there is no scenario ${name}; there are ${SCENARIOS.map((one) => one.name).join(", ")}`);
  }
  return found;
}
