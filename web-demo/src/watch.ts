/** Asks the server once a second for the session, to hear of changes, and for the state, to compare. */
import { paceAt } from "./pace.js";
import { type HandedOut, Refused, type Server, type SessionAnswer, type StateAnswer } from "./server.js";

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

/** Asks until the signal aborts or the session is gone. Rejects if the watcher cannot use an answer. */
export async function watch(
  server: Pick<Server, "session" | "state">,
  id: string,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const pause = paused(PAUSE_MS, signal);
    const answer = await askBoth(server, id).catch((error: Error) => error);
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
      watcher.session(answer.handedOut);
      watcher.state(answer.state);
    }
    await pause;
  }
}

async function askBoth(server: Pick<Server, "session" | "state">, id: string): Promise<Both> {
  const handedOut = await server.session(id);
  const state = await server.state(id);
  // The session may have changed in between. The state then belongs to a newer version of the session.
  const isCurrent = fits(handedOut.session, state);
  return { handedOut: isCurrent ? handedOut : await server.session(id), state };
}

interface Both {
  readonly handedOut: HandedOut;
  readonly state: StateAnswer;
}

/** Returns whether the state can have been computed from this version of the session. */
function fits(session: SessionAnswer, { status, computed_at }: StateAnswer): boolean {
  const { stopped_at } = session;
  const instant = Date.parse(computed_at);
  if (stopped_at != null && Date.parse(stopped_at) <= instant) {
    return status === "stopped";
  }
  return status === (paceAt(session, instant).isPaused ? "paused" : "running");
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
