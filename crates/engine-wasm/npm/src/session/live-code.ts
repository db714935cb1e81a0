/**
 * Loads the code of live sessions, a chunk of its own: a page needs it only once it connects. It travels beside the engine and the first
 * responses. A session that is connected has all of it, so losing the network later takes nothing away.
 */
import { reasonOf } from "../engine/error.js";
import { SessionError } from "../http/error.js";
import type { LiveSession } from "./live.js";

let loading: Promise<typeof LiveSession> | undefined;

/**
 * Returns the class of live sessions.
 *
 * @param answered When the server has answered. A page that is offline waits for it: Firefox never requests code again that it once
 *   failed to load.
 * @throws {@link SessionError} `unreachable` if its code could not be loaded. The next call tries again.
 */
export async function loadLiveSession(answered: Promise<unknown>): Promise<typeof LiveSession> {
  if ((globalThis as { navigator?: Partial<Navigator> }).navigator?.onLine === false) {
    await answered;
  }
  return await loadCode();
}

/** Loads the code. Later and concurrent calls share the first one, unless that fails. */
export function loadCode(): Promise<typeof LiveSession> {
  loading ??= import("./live.js").then(
    (code) => code.LiveSession,
    (cause: unknown) => {
      loading = undefined;
      throw new SessionError(
        "unreachable",
        `tickseed could not load the rest of its code: ${reasonOf(cause)}`,
        {
          cause,
        },
      );
    },
  );
  return loading;
}
