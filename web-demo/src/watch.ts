/** Asks the server once a second for the session, to hear of changes, and for the state, to compare. */
import {
  type HandedOut,
  isSameVersion,
  Refused,
  type Server,
  type SessionAnswer,
  type StateAnswer,
} from "./server.js";

/** Receives the results of watching the server. */
export interface Watcher {
  /** Receives the current session. */
  session(handedOut: HandedOut): void;
  /** Receives the state that the server computed, after the session that it belongs to. */
  state(state: StateAnswer): void;
  /** The server did not answer. */
  silence(reason: Error): void;
  /** The server no longer has the session, and is not asked again. */
  gone(): void;
}

/** The time from one request to the next. */
export const PAUSE_MS = 1_000;

/** Asks until the signal aborts or the session that was joined is gone. Rejects if the watcher cannot use an answer. */
export async function watch(
  server: Pick<Server, "session" | "state">,
  joined: SessionAnswer,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<void> {
  let known = joined;
  while (!signal.aborted) {
    const pause = paused(PAUSE_MS, signal);
    const answer = await askBoth(server, joined.id).catch((error: Error) => error);
    if (signal.aborted) {
      return;
    }
    if (answer instanceof Refused) {
      watcher.gone();
      return;
    }
    if (answer instanceof Error) {
      watcher.silence(answer);
    } else {
      const { handedOut, state } = answer;
      watcher.session(handedOut);
      // If the session has changed, the state may belong to either version.
      if (isSameVersion(known, handedOut.session)) {
        watcher.state(state);
      }
      known = handedOut.session;
    }
    await pause;
  }
}

/** Asks for the state before the session, so that the session is never the older one of the two. */
async function askBoth(server: Pick<Server, "session" | "state">, id: string): Promise<Both> {
  const state = await server.state(id);
  return { state, handedOut: await server.session(id) };
}

interface Both {
  readonly state: StateAnswer;
  readonly handedOut: HandedOut;
}

/** Waits, or returns early when the signal aborts. */
export function paused(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
