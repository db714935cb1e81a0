/** The counter over time as lines, independent of any canvas. */
import type { Round } from "tickseed";

/** What the curve is computed from: the timeline of a session. */
export interface Source {
  stepAt(now: number): number | null;
  timeOf(step: number): number;
  roundOf(step: number): Round;
  roundAt(round: number): Round;
}

/** A stretch of time, in milliseconds since the Unix epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type Point = readonly [instant: number, value: number];

/** One round as it is drawn. */
export interface Tooth {
  readonly round: number;
  readonly interval: number;
  /** When the round ends with a break; infinity if it never does. */
  readonly breaksAt: number;
  readonly points: readonly Point[];
}

/** No screen shows more rounds than this distinctly. */
const TEETH_AT_MOST = 500;
/** Up to this many steps are drawn one by one. More of them are drawn as a slope. */
const STAIRS_AT_MOST = 150;
const SLOPE_POINTS = 12;

/**
 * Returns the rounds that a span touches.
 *
 * @param bends The instants at which the pace changes.
 */
export function teeth(source: Source, span: Span, bends: readonly number[]): readonly Tooth[] {
  const first = source.stepAt(Math.max(0, span.from)) ?? 0;
  const isFine = stepsIn(source, span) <= STAIRS_AT_MOST;
  const found: Tooth[] = [];
  let round = source.roundOf(first);
  while (found.length < TEETH_AT_MOST && begins(source, round.firstStep) <= span.to) {
    found.push(isFine ? stairs(source, round, span) : slope(source, round, span, bends));
    round = source.roundAt(round.round + 1);
  }
  return found;
}

/** Returns when a step begins, or infinity if it never does. */
export function begins(source: Pick<Source, "timeOf">, step: number): number {
  try {
    return source.timeOf(step);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function stepsIn(source: Source, { from, to }: Span): number {
  return (source.stepAt(Math.max(0, to)) ?? 0) - (source.stepAt(Math.max(0, from)) ?? 0);
}

/** The step that counts as 0 in a round: before round 0 nothing breaks, so its first value is 1. */
function baseOf({ round, firstStep }: Round): number {
  return round === 0 ? -1 : firstStep;
}

/** Returns a round step by step: a value lasts as long as its step. */
function stairs(source: Source, round: Round, { from, to }: Span): Tooth {
  const base = baseOf(round);
  const first = Math.max(round.firstStep, source.stepAt(Math.max(0, from)) ?? 0);
  const points: Point[] = [];
  for (let step = first; step < round.nextBreak; step += 1) {
    const begin = begins(source, step);
    const end = Math.min(begins(source, step + 1), to + 1);
    points.push([begin, step - base], [end, step - base]);
    if (end > to) {
      break;
    }
  }
  return toothOf(source, round, points);
}

/** Returns a round as a slope that bends at each change of pace. */
function slope(source: Source, round: Round, span: Span, bends: readonly number[]): Tooth {
  const base = baseOf(round);
  const begin = begins(source, round.firstStep);
  const end = Math.min(begins(source, round.nextBreak), span.to + 1);
  const inside = bends.filter((at) => at > begin && at < end).slice(0, SLOPE_POINTS);
  const points = inside.map((at): Point => [at, (source.stepAt(at) ?? 0) - base]);
  const isEnded = end <= span.to;
  const last = isEnded ? round.nextBreak : (source.stepAt(end) ?? 0);
  return toothOf(source, round, [[begin, round.firstStep - base], ...points, [end, last - base]]);
}

function toothOf(source: Source, { round, interval, nextBreak }: Round, points: readonly Point[]): Tooth {
  return { round, interval, breaksAt: begins(source, nextBreak), points };
}
