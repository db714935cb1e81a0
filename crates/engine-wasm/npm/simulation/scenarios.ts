/** The worlds that clocks are tried out in. */

import type { MachineTraits } from "../virtual/machine.js";
import { type DriftTraits, MOST_DRIFT_PPM, usualDriftPpm } from "../virtual/oscillator.js";
import type { Rng } from "../virtual/random.js";
import type { Rounding } from "../virtual/rounding.js";
import { hidden, outageAfterTenMinutes, sleeps, wallSet } from "./happenings.js";
import type { PathTraits } from "./network.js";
import { intercontinental, lan, mobile, saturated, uneven, wifi } from "./paths.js";
import type { WorldTraits } from "./simulated-world.js";

/** What is hoped for: 99 of 100 errors, beyond half of the path's asymmetry, are at most this, in milliseconds. */
export interface Aims {
  readonly onlineMs?: number;
  readonly offlineMs?: number;
}

/** A kind of world. */
export interface Scenario {
  readonly name: string;
  /** Why it is tried, and what is special about it. */
  readonly why: string;
  readonly aims: Aims;
  /** Draws a world. */
  readonly traits: (rng: Rng) => WorldTraits;
}

/** The two servers' clocks are apart by this, in milliseconds: as when one of them has lost its NTP. */
const SERVERS_APART_MS = 40;
/** A wall clock is wrong by a zone or two, or by some seconds. */
const WALL_WRONG_MS = [1_000, 5 * 3_600_000] as const;

function usualDrift(rng: Rng): DriftTraits {
  return { ppm: usualDriftPpm(rng), wanderPpm: 2, changesEveryMs: 0 };
}

/** A tenth of a millisecond, plain or fuzzed, is what most browsers give; a few microseconds to isolated pages. */
function usualRounding(rng: Rng): Rounding {
  const roundings: Rounding[] = [
    { grainMs: 0.1, fuzzed: true },
    { grainMs: 0.1, fuzzed: false },
    { grainMs: 0.005, fuzzed: true },
    { grainMs: 0, fuzzed: false },
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
    hasSigns: rng.chance(0.6),
    awakeMs: rng.between(5, 20) * 60_000,
    happenings: [],
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

const rounded = (rng: Rng, grainMs: number): { rounding: Rounding } => ({
  rounding: { grainMs, fuzzed: rng.chance(0.5) },
});

/** All of them. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "lan",
    why: "a switch or two: what a page itself costs shows here",
    aims: { onlineMs: 1 },
    traits: (rng) => world(rng, lan(rng)),
  },
  {
    name: "wifi",
    why: "what most people use; spikes and bad minutes",
    aims: { onlineMs: 1 },
    traits: (rng) => world(rng, wifi(rng)),
  },
  {
    name: "4g",
    why: "uneven ways, turns to wait for, a radio that sleeps",
    aims: { onlineMs: 5 },
    traits: (rng) => world(rng, mobile(rng)),
  },
  {
    name: "bufferbloat",
    why: "an upload fills the queue: hundreds of ms, one way, never quite empty",
    aims: {},
    traits: (rng) => world(rng, saturated(rng)),
  },
  {
    name: "180ms",
    why: "another continent: a long way that hardly varies",
    aims: { onlineMs: 1 },
    traits: (rng) => world(rng, intercontinental(rng)),
  },
  {
    name: "uneven-10-70",
    why: "10 ms there, 70 ms back: no client can see that",
    aims: {},
    traits: (rng) => world(rng, uneven(rng, 10, 70)),
  },
  {
    name: "uneven-70-10",
    why: "the reverse",
    aims: {},
    traits: (rng) => world(rng, uneven(rng, 70, 10)),
  },
  {
    name: "drift",
    why: "Wi-Fi; drift uniform in +-500 ppm, all that NTP allows",
    aims: {},
    traits: (rng) => world(rng, wifi(rng), { machine: { drift: evenDrift(rng) } }),
  },
  {
    name: "rate-changes",
    why: "Wi-Fi; the drift jumps within +-500 ppm every four minutes, as while NTP catches up",
    aims: {},
    traits: (rng) =>
      world(rng, wifi(rng), { machine: { drift: { ...evenDrift(rng), changesEveryMs: 240_000 } } }),
  },
  {
    name: "timers-1ms",
    why: "Wi-Fi; clocks rounded to 1 ms, as by Safari and Firefox, half of them fuzzed",
    aims: {},
    traits: (rng) => world(rng, wifi(rng), { machine: rounded(rng, 1) }),
  },
  {
    name: "timers-frame",
    why: "Wi-Fi; rounded to 16.667 ms, as by Firefox when it resists fingerprinting, half of them fuzzed",
    aims: {},
    traits: (rng) => world(rng, wifi(rng), { machine: rounded(rng, 16.667) }),
  },
  {
    name: "timers-100ms",
    why: "Wi-Fi; rounded to 100 ms, as by older Firefox when it resists fingerprinting, half of them fuzzed",
    aims: {},
    traits: (rng) => world(rng, wifi(rng), { machine: rounded(rng, 100) }),
  },
  {
    name: "two-servers",
    why: "Wi-Fi; two servers 40 ms apart behind one address, by request or by connection",
    aims: {},
    traits: (rng) =>
      world(rng, wifi(rng), {
        serverOffsetsMs: [0, rng.pick([-1, 1]) * SERVERS_APART_MS],
        balancing: rng.pick(["each request", "each connection"]),
      }),
  },
  {
    name: "sleeps",
    why: "Wi-Fi; sleeps of two seconds to four hours, with monotonic clocks that stop and that go on",
    aims: {},
    traits: (rng) => world(rng, wifi(rng), { happenings: [sleeps] }),
  },
  {
    name: "sleeps-in-seconds",
    why: "the same on a LAN; the clock that runs on in sleep counts whole seconds, so the wall clock wakes up wrong",
    aims: {},
    traits: (rng) =>
      world(rng, lan(rng), { happenings: [sleeps], machine: { sleepsInSeconds: true, stopsInSleep: true } }),
  },
  {
    name: "wall-set",
    why: "Wi-Fi; the wall clock is set by a part of a second up to six hours, both ways",
    aims: {},
    traits: (rng) => world(rng, wifi(rng), { happenings: [wallSet] }),
  },
  {
    name: "sleeps-and-wall-set",
    why: "both, with 100 ms, 1 ms or fine clocks",
    aims: {},
    traits: (rng) =>
      world(rng, wifi(rng), {
        happenings: [sleeps, wallSet],
        machine: { rounding: { grainMs: rng.pick([0.1, 1, 100]), fuzzed: rng.chance(0.5) } },
      }),
  },
  {
    name: "background",
    why: "Wi-Fi; a page behind others, whose timers run once a second, later once a minute",
    aims: {},
    traits: (rng) => world(rng, wifi(rng), { happenings: [hidden] }),
  },
  {
    name: "offline-wifi",
    why: "ten minutes of Wi-Fi, then five without a network",
    aims: { offlineMs: 2 },
    traits: (rng) =>
      world(rng, wifi(rng), { happenings: [outageAfterTenMinutes], awakeMs: OFFLINE_EXPERIMENT_MS }),
  },
  {
    name: "offline-4g",
    why: "the same with 4G",
    aims: { offlineMs: 6 },
    traits: (rng) =>
      world(rng, mobile(rng), { happenings: [outageAfterTenMinutes], awakeMs: OFFLINE_EXPERIMENT_MS }),
  },
];

/** Ten minutes online, five offline, one more to come back. */
const OFFLINE_EXPERIMENT_MS = 16 * 60_000;

export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) {
    throw new Error(`there is no scenario ${name}; there are ${SCENARIOS.map((one) => one.name).join(", ")}`);
  }
  return found;
}
