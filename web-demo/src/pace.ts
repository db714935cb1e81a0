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

/** Returns all changes of the pace, in order. */
export function changes({ tick_ms, schedule = [] }: SessionAnswer): readonly PaceChange[] {
  let tickMs = tick_ms;
  return schedule.map((change) => {
    const isPaused = !("tick_ms" in change);
    tickMs = isPaused ? tickMs : change.tick_ms;
    return { at: Date.parse(change.at), isPaused, tickMs };
  });
}

/** Returns the pace at an instant. */
export function paceAt(session: SessionAnswer, instant: number): Pace {
  const last = changes(session)
    .filter(({ at }) => at <= instant)
    .at(-1);
  return last ?? { isPaused: false, tickMs: session.tick_ms };
}

/** Returns the first change after an instant. */
export function nextChange(session: SessionAnswer, instant: number): PaceChange | undefined {
  return changes(session).find(({ at }) => at > instant);
}

/** Returns the shortest tick that a session ever has, in milliseconds. */
export function shortestTickMs(session: SessionAnswer): number {
  return Math.min(session.tick_ms, ...changes(session).map(({ tickMs }) => tickMs));
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
