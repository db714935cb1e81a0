/** The messages between the page and a player's worker. */
import type { SessionStatus, StreamEvent } from "tickseed";

/** The faults of a player's device and network. */
export interface Bend {
  /** How far the device's clock is ahead of the right time, in milliseconds. Negative: behind. */
  readonly aheadMs: number;
  /** How fast the device's clocks gain, in millionths. */
  readonly driftPpm: number;
  /** The delay of everything that the player sends, and of everything it receives, in milliseconds. */
  readonly upMs: number;
  readonly downMs: number;
  /** The longest random delay that comes on top in each direction, in milliseconds. */
  readonly jitterMs: number;
  /** How many of a hundred transmissions are lost, and sent again later. */
  readonly lossPercent: number;
  readonly isPlugged: boolean;
}

/** A fault that is planted in a player: it computes from another seed or other rules, or its clock is one tick ahead. */
export type Fault = "seed" | "clock" | "rules";

/** An event of the page's stream, as it is handed to the players. */
export type Relayed =
  | { readonly type: "open" }
  | { readonly type: "error"; readonly isClosed: boolean }
  | { readonly type: string; readonly event: StreamEvent };

export type ToPlayer =
  | {
      readonly kind: "start";
      readonly address: string;
      readonly bend: Bend;
      readonly fault: Fault | undefined;
      readonly tickMs: number;
    }
  | { readonly kind: "bend"; readonly bend: Bend }
  | { readonly kind: "sleep"; readonly forMs: number }
  | { readonly kind: "stream"; readonly stream: number; readonly relayed: Relayed };

/** The traffic of a player, as counted by its network. */
export interface Traffic {
  /** Requests for the time, and all others, such as those for the session. */
  readonly timeRequests: number;
  readonly otherRequests: number;
  /** Bytes of the responses and of the events: bodies, and the headers that a page can see. */
  readonly bytes: number;
  /** Events that the stream has brought. */
  readonly events: number;
}

export const NO_TRAFFIC: Traffic = { timeRequests: 0, otherRequests: 0, bytes: 0, events: 0 };

export function addTraffic(one: Traffic, other: Traffic): Traffic {
  return {
    timeRequests: one.timeRequests + other.timeRequests,
    otherRequests: one.otherRequests + other.otherRequests,
    bytes: one.bytes + other.bytes,
    events: one.events + other.events,
  };
}

/** The state that a player shows from an instant on. */
export interface Shown {
  /** When the player computed it, by the machine's monotonic clock. */
  readonly from: number;
  /** How long it will show that without other news, in milliseconds; `undefined` if nothing is due. */
  readonly heldMs: number | undefined;
  readonly started: boolean;
  readonly startsInMs: number | undefined;
  readonly step: number;
  readonly value: number;
  readonly round: number;
  readonly broken: boolean;
  readonly status: SessionStatus;
  readonly nextBreakInMs: number | undefined;
  /** The server's time as the player knows it, and by how much that can be wrong, in milliseconds. */
  readonly now: number;
  readonly errorMs: number;
  readonly isSynced: boolean;
  readonly isSettled: boolean;
  /** The reading of the device's own clock. */
  readonly deviceMs: number;
  /** The version of the session that the player computes from. */
  readonly version: string;
  readonly revision: number;
  /** Whether no event reaches the player, although it has a network, and how often it asks instead, in milliseconds. */
  readonly isDeaf: boolean;
  readonly asksEveryMs: number | undefined;
}

export type FromPlayer =
  | { readonly kind: "shows"; readonly shown: Shown }
  /** The player has sent or received something. */
  | { readonly kind: "traffic"; readonly traffic: Traffic }
  /** The player's event stream has been opened or closed. */
  | { readonly kind: "stream"; readonly stream: number; readonly isOpen: boolean }
  | { readonly kind: "asleep"; readonly isAsleep: boolean }
  /** A late change has put the player right. */
  | { readonly kind: "corrected"; readonly stepsTakenBack: number }
  | { readonly kind: "failed"; readonly reason: string; readonly isFinal: boolean };
