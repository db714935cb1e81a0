/** Asks the server once a second: for the session, to hear of a stop, and for the state, to compare. */
import { Refused, type Server, type SessionAnswer, type StateAnswer } from "./server.js";

/** What is told to whoever has the server watched. */
export interface Watcher {
  /** The session as it is now. */
  session(session: SessionAnswer): void;
  /** The state that the server computed. The session that it fits has been told before. */
  state(state: StateAnswer): void;
  /** No answer came. */
  silence(reason: Error): void;
  /** The server knows the session no more; it is not asked again. */
  gone(): void;
}

/** How long it is from one question to the next. */
const PAUSE_MS = 1_000;

/** Asks until the signal says to end, or the session is gone. */
export async function watch(
  server: Pick<Server, "session" | "state">,
  id: string,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const pause = paused(PAUSE_MS, signal);
    try {
      const { session, state } = await askBoth(server, id);
      if (!signal.aborted) {
        watcher.session(session);
        watcher.state(state);
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (error instanceof Refused) {
        watcher.gone();
        return;
      }
      watcher.silence(error as Error);
    }
    await pause;
  }
}

async function askBoth(server: Pick<Server, "session" | "state">, id: string): Promise<Both> {
  const { session } = await server.session(id);
  const state = await server.state(id);
  // Somebody may have stopped the session in between. Then the state is that of a session yet to be heard of.
  return fits(session, state) ? { session, state } : { session: (await server.session(id)).session, state };
}

interface Both {
  readonly session: SessionAnswer;
  readonly state: StateAnswer;
}

/** Whether the state can have been computed from the session as it was read. */
function fits({ stopped_at }: SessionAnswer, { status, computed_at }: StateAnswer): boolean {
  const isStopped = stopped_at != null && Date.parse(stopped_at) <= Date.parse(computed_at);
  return isStopped === (status === "stopped");
}

/** Waits, but not longer than the signal lets it. */
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
