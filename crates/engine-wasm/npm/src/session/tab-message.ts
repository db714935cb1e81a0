/** What the tabs that share a stream say to each other. */
import type { StreamEvent } from "../platform.js";

/** What a leader says about itself. */
interface LeaderState {
  readonly isOpen: boolean;
  readonly isAway: boolean;
  /** The last session that came since the stream opened. */
  readonly last: StreamEvent | undefined;
}

/** What a tab says to the others. */
export interface TabMessage {
  /** The address of the leader's stream. */
  readonly address: string;
  /** Later leaders have higher terms. A leader that was frozen may speak after the next one has begun. */
  readonly term: number;
  /** Missing in the question whether there is a leader. */
  readonly state?: LeaderState;
  /** An event of the stream. */
  readonly type?: string;
  readonly event?: StreamEvent;
}

/** Terms are readings of a wall clock, or follow from one. This is the latest that a clock can have. */
const LAST_TERM = 8.64e15;

/** Returns whether data is a message: other scripts of the page's origin may use the channel too. */
export function isMessage(data: unknown): data is TabMessage {
  const { address, term, state, type, event } = (data ?? {}) as Partial<TabMessage>;
  const isTerm = Number.isSafeInteger(term) && (term as number) >= 0 && (term as number) < LAST_TERM;
  const isState = state === undefined || (typeof state === "object" && state !== null && isEvent(state.last));
  return typeof address === "string" && isTerm && isState && isText(type) && isEvent(event);
}

function isEvent(event: unknown): boolean {
  if (event === undefined) {
    return true;
  }
  const { data, lastEventId } = (event ?? { data: null }) as { data?: unknown; lastEventId?: unknown };
  return isText(data) && isText(lastEventId);
}

function isText(text: unknown): boolean {
  return text === undefined || typeof text === "string";
}
