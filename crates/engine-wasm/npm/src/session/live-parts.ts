/** The inputs and results of a live session. */
import type { ClockView } from "../clock/view.js";
import type { State } from "../engine/session.js";
import type { Timeline } from "../engine/timeline.js";
import type { SessionAddress } from "../http/address.js";
import type { SessionAnswer } from "../http/session-answer.js";
import type { Platform } from "../platform.js";
import type { CatchUp } from "./ticker.js";

/** The earliest and the latest state that a session may be in. */
export interface StateRange {
  readonly earliest: State;
  readonly latest: State;
}

/** A timeline that the session updates and frees. */
export type SessionTimeline = Omit<Timeline, "free" | "stopAt" | "update" | typeof Symbol.dispose>;

/** The inputs of a live session. */
export interface LiveParts {
  readonly platform: Platform;
  readonly address: SessionAddress;
  /** What gives the right to change the session. */
  readonly token: string | undefined;
  readonly answer: SessionAnswer;
  readonly clock: ClockView;
  /** Gives the clock back. */
  readonly releaseClock: () => void;
  readonly catchUp: CatchUp;
  /** Closes the session when aborted. */
  readonly signal: AbortSignal | undefined;
}

/** The last valid instant: the end of the year 9999. */
const LAST_INSTANT = 253_402_300_799_999;

/** Rounds a time down to an instant that the engine accepts. */
export function instant(ms: number): number {
  return Math.min(Math.max(Math.floor(ms), 0), LAST_INSTANT);
}
