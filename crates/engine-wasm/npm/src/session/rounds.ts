/** The rounds of a session that have ended. */
import { integer } from "../engine/input.js";
import { errorFor } from "../engine/last-error.js";
import type { Round } from "../engine/session.js";
import type { SessionTimeline } from "./live-parts.js";

/** Returns the last rounds before a round, the latest last. */
export function roundsBefore(timeline: SessionTimeline, round: number, count: number): Round[] {
  if (integer("count", count) < 0) {
    throw errorFor(0, "count", 0, Number.MAX_SAFE_INTEGER, count);
  }
  const length = Math.min(count, round);
  return Array.from({ length }, (_, index) => timeline.roundAt(round - length + index));
}
