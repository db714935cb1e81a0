/** How the pace of a session changes, as its record says. The engine computes the steps from it. */
import type { SessionAnswer } from "./server.js";

/** Whether a session runs, and the length of its ticks, in milliseconds; while it is paused, of those before. */
export interface Pace {
  readonly isPaused: boolean;
  readonly tickMs: number;
}

/** A change of the pace at an instant. */
export interface PaceChange extends Pace {
  readonly at: number;
}

/** What the controls ask for: a pause or its end, or a length of ticks. */
export type PaceWish = "pause" | "resume" | number;

/** A request that changes the pace. */
export interface PaceRequest {
  /** The last part of its address. */
  readonly action: "pause" | "resume" | "rate";
  readonly content: Record<string, unknown>;
}

/** How far ahead a change is set in a session without a notice, so that every page, asking once a second, hears of it in time. */
const AHEAD_MS = 2_000;
/** By how much a change comes later than the notice alone demands: docs/schedule.md, section 2, for a store that loses nothing. */
const GUARD_MS = 1_000;
/** A change follows the last one by a millisecond if that comes within this time after the earliest instant, as on the server. */
const FOLLOWS_WITHIN_MS = 1_000;

/** The folded schedules: the page needs them several times a frame. */
const FOLDED = new WeakMap<SessionAnswer, Folded>();

/** The start, and then each change. */
type Folded = readonly [Segment, ...Segment[]];

/** A stretch without a change. */
interface Segment extends PaceChange {
  /** How many ticks have passed when it begins. */
  readonly position: number;
}

function folded(session: SessionAnswer): Folded {
  const known = FOLDED.get(session) ?? fold(session);
  FOLDED.set(session, known);
  return known;
}

function fold({ start_at, tick_ms, schedule = [] }: SessionAnswer): Folded {
  let last: Segment = { at: Date.parse(start_at), isPaused: false, tickMs: tick_ms, position: 0 };
  const found: [Segment, ...Segment[]] = [last];
  for (const change of schedule) {
    const at = Date.parse(change.at);
    const isPaused = !("tick_ms" in change);
    const tickMs = isPaused ? last.tickMs : change.tick_ms;
    last = { at, isPaused, tickMs, position: positionAfter(last, at) };
    found.push(last);
  }
  return found;
}

function positionAfter({ at, isPaused, tickMs, position }: Segment, instant: number): number {
  return isPaused ? position : position + (instant - at) / tickMs;
}

/** Returns the segment of an instant. The first one reaches back before the start. */
function segmentAt(session: SessionAnswer, instant: number): Segment {
  const all = folded(session);
  let [found] = all;
  for (const segment of all) {
    if (segment.at > instant) {
      break;
    }
    found = segment;
  }
  return found;
}

/** Returns all changes of the pace, in order. */
export function changes(session: SessionAnswer): readonly PaceChange[] {
  return folded(session).slice(1);
}

/** Returns the pace at an instant. */
export function paceAt(session: SessionAnswer, instant: number): Pace {
  return segmentAt(session, instant);
}

/** Returns how many ticks have passed by an instant, with a fraction for the plots. It is negative before the start. */
export function positionAt(session: SessionAnswer, instant: number): number {
  return positionAfter(segmentAt(session, instant), instant);
}

/** Returns the first change after an instant. */
export function nextChange(session: SessionAnswer, instant: number): PaceChange | undefined {
  return changes(session).find(({ at }) => at > instant);
}

/** Returns the shortest tick that a session ever has, in milliseconds. */
export function shortestTickMs(session: SessionAnswer): number {
  return Math.min(...folded(session).map(({ tickMs }) => tickMs));
}

/** Returns the pace that a change requested now would end, when it takes effect. */
export function paceToChange(session: SessionAnswer, now: number): Pace {
  return paceAt(session, effectAt(session, now));
}

/** Returns the request for a wish. It takes back no change that is planned for later: the server refuses it instead. */
export function paceRequest(session: SessionAnswer, wish: PaceWish, now: number): PaceRequest {
  // With a notice, the server knows best what is early enough.
  const content = hasNotice(session) ? {} : { at: new Date(effectAt(session, now)).toISOString() };
  if (typeof wish === "string") {
    return { action: wish, content };
  }
  const action = paceToChange(session, now).isPaused ? "resume" : "rate";
  return { action, content: { ...content, tick_ms: wish } };
}

/** Returns when a change takes effect that is requested now. */
function effectAt(session: SessionAnswer, now: number): number {
  const { notice_ms = 0 } = session;
  const earliest = now + (hasNotice(session) ? notice_ms + GUARD_MS : AHEAD_MS);
  const last = changes(session).at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const isNear = last >= earliest && last < earliest + FOLLOWS_WITHIN_MS;
  return isNear ? last + 1 : earliest;
}

function hasNotice({ notice_ms = 0 }: SessionAnswer): boolean {
  return notice_ms > 0;
}
