/** The players, and the faults of their devices and networks at first. */
import type { Bend } from "../player/messages.js";

export interface Character {
  readonly id: string;
  readonly name: string;
  readonly bend: Bend;
}

const HOUR_MS = 3_600_000;

/** A player whose device and network are as they should be. */
export const STRAIGHT: Bend = {
  aheadMs: 0,
  driftPpm: 0,
  upMs: 0,
  downMs: 0,
  jitterMs: 0,
  lossPercent: 0,
  isPlugged: true,
};

/** The first four have the faults that visitors ask about; the others mix them. */
export const CHARACTERS: readonly Character[] = [
  { id: "anna", name: "Anna", bend: STRAIGHT },
  { id: "ben", name: "Ben", bend: { ...STRAIGHT, aheadMs: 3 * HOUR_MS } },
  { id: "chloe", name: "Chloe", bend: { ...STRAIGHT, upMs: 30, downMs: 30, jitterMs: 10 } },
  { id: "dev", name: "Dev", bend: { ...STRAIGHT, driftPpm: 400 } },
  { id: "emma", name: "Emma", bend: { ...STRAIGHT, aheadMs: -9 * HOUR_MS } },
  { id: "finn", name: "Finn", bend: { ...STRAIGHT, upMs: 30, downMs: 30, lossPercent: 5 } },
  { id: "grace", name: "Grace", bend: { ...STRAIGHT, driftPpm: -400 } },
  { id: "hugo", name: "Hugo", bend: { ...STRAIGHT, aheadMs: 12 * HOUR_MS, upMs: 10, downMs: 40 } },
];
