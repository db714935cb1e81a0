/**
 * Networks. The figures are what an engineer would expect of such a network on an ordinary day, not on its best. Each path is drawn
 * at random within a range, so that nothing can be tuned to one of them.
 */

import type { Rng } from "../src/testing/virtual/random.js";
import type { Direction, PathTraits } from "./network.js";

const NO_QUEUE = { meanMs: 0, spread: 0, memoryMs: 1 } as const;
/** A direction without any delay. */
const PLAIN: Direction = {
  baseMs: 0,
  jitterMs: 0,
  turnMs: 0,
  queue: NO_QUEUE,
  spikes: [],
  resendChance: 0,
};

/** Completes a path. Connecting takes one round trip for TCP, or three with DNS and TLS. */
function path(rng: Rng, traits: Pick<PathTraits, "there" | "back"> & Partial<PathTraits>): PathTraits {
  return { lossChance: 0, connectTrips: rng.pick([1, 3]), radioWakesMs: [0, 0], ...traits };
}

/** A switch or two: a fraction of a millisecond each way, hardly any queue. */
export function lan(rng: Rng): PathTraits {
  const way = (): Direction => ({
    ...PLAIN,
    baseMs: rng.between(0.1, 0.3),
    jitterMs: 0.05,
    spikes: [{ chance: 0.005, fromMs: 0.5, toMs: 5 }],
    resendChance: 0.000_1,
  });
  return path(rng, { there: way(), back: way(), lossChance: 0.000_1 });
}

/**
 * Wi-Fi at home, and a server a few hundred kilometres away. On the shared channel single packets wait for others, and in bad
 * minutes all of them do. Channel scans and power saving delay some by tens of milliseconds.
 */
export function wifi(rng: Rng): PathTraits {
  const baseMs = rng.between(3, 10);
  const way = (jitterMs: number): Direction => ({
    ...PLAIN,
    baseMs: baseMs + rng.between(0, 0.5),
    jitterMs,
    queue: { meanMs: 0.5, spread: 1.2, memoryMs: 5_000 },
    spikes: [
      { chance: 0.03, fromMs: 2, toMs: 20 },
      { chance: 0.005, fromMs: 20, toMs: 120 },
    ],
    resendChance: 0.002,
  });
  return path(rng, {
    there: way(rng.between(0.6, 1.5)),
    back: way(rng.between(0.4, 1.2)),
    lossChance: 0.001,
  });
}

/**
 * 4G. A phone may send every ten milliseconds, and resends a corrupted block eight milliseconds later. The other users of the cell
 * fill the downlink queue. An idle radio takes up to 150 ms to wake up.
 */
export function mobile(rng: Rng): PathTraits {
  const again = { chance: 0.1, fromMs: 8, toMs: 8 };
  return path(rng, {
    there: {
      ...PLAIN,
      baseMs: rng.between(14, 24),
      jitterMs: 3,
      turnMs: 10,
      queue: { meanMs: 1, spread: 1, memoryMs: 5_000 },
      spikes: [again, { chance: 0.01, fromMs: 20, toMs: 150 }],
      resendChance: 0.003,
    },
    back: {
      ...PLAIN,
      baseMs: rng.between(10, 18),
      jitterMs: 2,
      queue: { meanMs: 3, spread: 1, memoryMs: 5_000 },
      spikes: [again, { chance: 0.01, fromMs: 20, toMs: 150 }],
      resendChance: 0.003,
    },
    lossChance: 0.003,
    radioWakesMs: [50, 150],
  });
}

/** A large upload: the modem's queue holds hundreds of milliseconds, and fills and drains within seconds. */
export function saturated(rng: Rng): PathTraits {
  const baseMs = rng.between(6, 15);
  return path(rng, {
    there: {
      ...PLAIN,
      baseMs,
      jitterMs: 5,
      queue: { meanMs: rng.between(150, 500), spread: 0.5, memoryMs: 6_000 },
      resendChance: 0.02,
    },
    back: { ...PLAIN, baseMs, jitterMs: 1, resendChance: 0.005 },
    lossChance: 0.01,
  });
}

/** Fibre to another continent and a cable at home: a round trip of 180 ms that hardly varies. */
export function intercontinental(rng: Rng): PathTraits {
  const way = (): Direction => ({
    ...PLAIN,
    baseMs: rng.between(88, 92),
    jitterMs: 0.4,
    queue: { meanMs: 0.3, spread: 0.8, memoryMs: 5_000 },
    spikes: [{ chance: 0.01, fromMs: 3, toMs: 30 }],
    resendChance: 0.002,
  });
  return path(rng, { there: way(), back: way(), lossChance: 0.001 });
}

/** Directions of different length, as when a satellite or a detour carries one of them. */
export function uneven(rng: Rng, thereMs: number, backMs: number): PathTraits {
  const way = (baseMs: number): Direction => ({
    ...PLAIN,
    baseMs,
    jitterMs: 1,
    queue: { meanMs: 0.5, spread: 1, memoryMs: 5_000 },
    spikes: [{ chance: 0.02, fromMs: 3, toMs: 30 }],
    resendChance: 0.002,
  });
  return path(rng, { there: way(thereMs), back: way(backMs), lossChance: 0.001 });
}
