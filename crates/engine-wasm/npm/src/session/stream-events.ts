/** What an `EventSource` and a session's stream have in common for all that read or replace one. */

/** The values of `EventSource.readyState`. A closed stream does not reconnect by itself. */
export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSED = 2;

/** The events after which a stream ends, because the server no longer has the session. */
export const ENDS: readonly string[] = ["expired", "deleted"];

/** The events whose data is a session. */
export const WITH_SESSION: readonly string[] = ["session", "changed", "stopped"];
