/** What a component shows of a session. */
import type { SessionStatus, State } from "../engine/session.js";
import type { SessionRecord } from "../http/schemas.js";
import type { LiveSession } from "../session/live.js";

/**
 * How far a session has been reached:
 *
 * | value | meaning |
 * |---|---|
 * | `idle` | there is no address yet |
 * | `connecting` | the session is not connected yet; after an error that may pass, it is tried again |
 * | `connected` | the session runs on this page, also while the network is down |
 * | `failed` | connecting failed, or the session can no longer be computed; `error` says why |
 */
export type Connection = "idle" | "connecting" | "connected" | "failed";

/** A session as a component sees it at one moment. Another object takes its place when any of its fields changes. */
export interface SessionView {
  readonly connection: Connection;
  /** The current state; `undefined` until the session is connected, and always with `render: false`. */
  readonly state: State | undefined;
  /**
   * The session, for `frame`, `draw`, `clock` and so on; `undefined` until it is connected. Components share it, so never close
   * it: it closes by itself after the last of them.
   */
  readonly session: LiveSession | undefined;
  /** The session as last received from the server, or as passed in the option `record`; `undefined` before. */
  readonly record: SessionRecord | undefined;
  /** Whether the session runs, is paused or has stopped. Until it is connected, this is what the record says, if there is one. */
  readonly status: SessionStatus | undefined;
  /** Whether the session has stopped. */
  readonly isStopped: boolean;
  /** Whether the session is paused. */
  readonly isPaused: boolean;
  /** Whether the state is certain: no unknown change can have taken effect. Always `false` without a notice. */
  readonly isSettled: boolean;
  /** When the session stops or has stopped, in milliseconds since the Unix epoch; `undefined` without a stop. */
  readonly stoppedAt: number | undefined;
  /** Why connecting failed. The store tries again by itself if the error may pass: see its `mayPass`. */
  readonly error: unknown;
}

/** The view while there is no address. */
export const IDLE: SessionView = Object.freeze({
  connection: "idle",
  state: undefined,
  session: undefined,
  record: undefined,
  status: undefined,
  isStopped: false,
  isPaused: false,
  isSettled: false,
  stoppedAt: undefined,
  error: undefined,
});

const CONNECTING: SessionView = Object.freeze({ ...IDLE, connection: "connecting" });

/** Returns the view of a session that is not connected yet, with what its record says. The same on a server and in a browser. */
export function connectingView(record: SessionRecord | undefined): SessionView {
  if (record === undefined) {
    return CONNECTING;
  }
  const { stopped_at: stop } = record;
  const stoppedAt = stop == null ? undefined : Date.parse(stop);
  return Object.freeze({ ...CONNECTING, record, stoppedAt, ...statusFields(record.status) });
}

/** Returns the view of a connected session. */
export function connectedView(session: LiveSession): SessionView {
  const { record, status, isSettled, stoppedAt } = session;
  const state = session.state();
  return {
    ...IDLE,
    connection: "connected",
    state,
    session,
    record,
    stoppedAt,
    isSettled,
    ...statusFields(status),
  };
}

function statusFields(status: SessionStatus): Pick<SessionView, "status" | "isStopped" | "isPaused"> {
  return { status, isStopped: status === "stopped", isPaused: status === "paused" };
}

/** Returns the earlier view if the later one shows the same, so that nothing is rendered in vain. */
export function renewed(before: SessionView, after: SessionView): SessionView {
  const state = haveSameFields(before.state, after.state) ? before.state : after.state;
  const record = saysTheSame(before.record, after.record) ? before.record : after.record;
  const view = { ...after, record, state: state && Object.freeze(state) };
  return haveSameFields(before, view) ? before : Object.freeze(view);
}

function haveSameFields<Fields extends object>(one: Fields | undefined, other: Fields | undefined): boolean {
  if (one === undefined || other === undefined) {
    return one === other;
  }
  return (Object.keys(one) as (keyof Fields)[]).every((name) => Object.is(one[name], other[name]));
}

/** Polling yields another object for the same record. */
function saysTheSame(one: SessionRecord | undefined, other: SessionRecord | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
