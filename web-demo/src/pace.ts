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

/** Returns all changes of the pace, in order. */
export function changes({ tick_ms, schedule = [] }: SessionAnswer): readonly PaceChange[] {
  let tickMs = tick_ms;
  return schedule.map((change) => {
    const isPaused = !("tick_ms" in change);
    tickMs = isPaused ? tickMs : change.tick_ms;
    return { at: Date.parse(change.at), isPaused, tickMs };
  });
}

/** Returns the pace at an instant, or after all changes. */
export function paceAt(session: SessionAnswer, instant = Number.POSITIVE_INFINITY): Pace {
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

/** Returns the request for a wish. The latest wish replaces earlier ones that have not taken effect. */
export function paceRequest(session: SessionAnswer, wish: PaceWish, now: number): PaceRequest {
  const notice = session.notice_ms ?? 0;
  // With a notice, the server knows best what is early enough.
  const at = notice > 0 ? {} : { at: new Date(now + AHEAD_MS).toISOString() };
  const content = { ...at, replace_later: true };
  if (typeof wish === "string") {
    return { action: wish, content };
  }
  const action = paceAt(session).isPaused ? "resume" : "rate";
  return { action, content: { ...content, tick_ms: wish } };
}
