/** Opens the session of the page: the one in its address, or a new one. */
import {
  createSession,
  EngineError,
  type NewSession,
  openClock,
  readSession,
  ServerError,
  SessionError,
  type SessionRecord,
} from "tickseed";

import type { Tokens } from "./tokens.js";

/** The session for a visitor without a link: brisk, with frequent breaks. */
export const FIRST_WISH: NewSession = {
  tickMs: 100,
  rules: { breakInterval: { min: 30, max: 80 } },
};

/** How long ago the first session began, in milliseconds, so that there is a past to look at. */
const BEGAN_MS = 90_000;

/** How long to wait until the server is asked once more, in milliseconds. */
const RETRY_MS = 1_500;

export interface Opened {
  readonly address: string;
  readonly record: SessionRecord;
}

/** Creates a session. Its control token stays in this tab. */
export async function create(server: string, wish: NewSession, tokens: Tokens): Promise<Opened> {
  const { address, record, controlToken } = await createSession(server, wish, { retry: false });
  if (controlToken !== undefined) {
    tokens.keep(server, record.id, controlToken);
  }
  return { address, record };
}

/** Creates the session for a visitor without a link. It began a while ago by the server's clock, whatever the device's clock says. */
export async function createFirst(server: string, tokens: Tokens): Promise<Opened> {
  const clock = await openClock(server);
  const startAt = Math.floor(clock.now) - BEGAN_MS;
  clock.close();
  return create(server, { ...FIRST_WISH, startAt }, tokens);
}

/** Reads a session. */
export async function join(server: string, id: string): Promise<Opened> {
  const address = `${server}/v1/sessions/${encodeURIComponent(id)}`;
  return { address, record: (await readSession(address)).record };
}

/** Tries again while the server cannot be reached, and reports every failure. */
export async function untilReached(open: () => Promise<Opened>, failed: () => void): Promise<Opened> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!((error instanceof SessionError || error instanceof ServerError) && error.mayPass)) {
        throw error;
      }
      failed();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Explains why there is no session to show. */
export function reasonOf(error: unknown): string {
  const code = (error as { code?: string }).code;
  if (code === "session_not_found" || code === "invalid_fields" || code === "not_an_address") {
    return "The server has no session with this id. It may have expired. You can create a new one below.";
  }
  if (error instanceof EngineError && code === "load_failed") {
    return "The engine (WebAssembly) did not load, so nothing can be computed. Reloading the page may help.";
  }
  if (code === "credentials_required") {
    return "On this server, only programs with an API key can create sessions. Open a link to a session to watch it.";
  }
  return `There is no session to show: ${error instanceof Error ? error.message : String(error)}`;
}
