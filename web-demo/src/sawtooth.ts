/** The counter's curve over time as shapes, independent of any canvas. */
import type { Round } from "tickseed";

/** A source of rounds. */
export interface Rounds {
  roundAt(round: number): Round;
  roundOf(step: number): Round;
}

/** A stretch of steps. Fractions count: half a tick later is half a step further right. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** One round as drawn: from its break, at value 0, up to its interval. */
export interface Tooth {
  /** The step of the break that begins the round; -1 for round 0, whose break lies before the start. */
  readonly base: number;
  /** The step of the break that ends it. */
  readonly end: number;
  readonly interval: number;
}

/** No screen can show more rounds than this distinctly. */
const TEETH_AT_MOST = 400;

/** Returns how far a plot looks back and ahead, in ticks. */
export function reach({ min, max }: { readonly min: number; readonly max: number }): {
  readonly back: number;
  readonly ahead: number;
} {
  const usual = (min + max) / 2 + 1;
  return { back: Math.max(20, 2.2 * usual), ahead: Math.max(6, 0.7 * usual) };
}

/** Returns the rounds that a stretch touches. Steps before 0 do not exist. */
export function teeth(rounds: Rounds, { from, to }: Stretch): readonly Tooth[] {
  if (to < 0) {
    return [];
  }
  const found: Tooth[] = [];
  let round = rounds.roundOf(Math.max(0, Math.floor(from)));
  while (found.length < TEETH_AT_MOST) {
    found.push(tooth(round));
    if (round.nextBreak > to) {
      break;
    }
    round = rounds.roundAt(round.round + 1);
  }
  return found;
}

function tooth({ round, firstStep, interval, nextBreak }: Round): Tooth {
  return { base: round === 0 ? -1 : firstStep, end: nextBreak, interval };
}

/** A point of the curve: a step and its value. */
export type Point = readonly [step: number, value: number];

/** Returns the corners of a tooth within a stretch, tick by tick. A value lasts as long as its tick. */
export function stairs({ base, end }: Tooth, { from, to }: Stretch): readonly Point[] {
  const first = Math.max(base, Math.floor(from), 0);
  const last = Math.min(end - 1, Math.ceil(to));
  const corners: Point[] = [];
  for (let step = first; step <= last; step += 1) {
    corners.push([step, step - base], [step + 1, step - base]);
  }
  return corners;
}

/** Returns a tooth as a straight slope, for stretches whose ticks are too narrow to see. */
export function slope({ base, end }: Tooth): readonly Point[] {
  const first = Math.max(base, 0);
  return [
    [first, first - base],
    [end, end - base],
  ];
}
