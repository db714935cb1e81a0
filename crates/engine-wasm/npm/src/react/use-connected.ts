import { useEffect, useState } from "react";

import type { State } from "../engine/session.js";
import { ServerError, SessionError } from "../http/error.js";
import { platform } from "../platform.js";
import type { Connect, ConnectOptions } from "../session/connect.js";
import type { LiveSession } from "../session/live.js";

/** What a component sees of a session. */
export interface SessionView {
  /** The state of the step that runs now; `undefined` until the session is connected. */
  readonly state: State | undefined;
  /** The session, for `draw`, `clock` and all else; `undefined` until it is connected. */
  readonly session: LiveSession | undefined;
  /** Whether the session has stopped. */
  readonly isStopped: boolean;
  /** Why the session could not be connected to. If that may pass, it is tried again by itself. */
  readonly error: unknown;
}

/** Options of {@link useSession}: its signal is that the component is unmounted. */
export type UseSessionOptions = Omit<ConnectOptions, "signal">;

const NOTHING: SessionView = { state: undefined, session: undefined, isStopped: false, error: undefined };

/** A view, and of which address. */
interface Seen {
  readonly address: string | undefined;
  readonly view: SessionView;
}

const NONE: Seen = { address: undefined, view: NOTHING };

/** Connects by `connect` while the component is mounted. */
export function useConnected(
  connect: Connect,
  address: string | URL | null | undefined,
  options: UseSessionOptions | undefined,
): SessionView {
  const [seen, setSeen] = useState(NONE);
  // Those of the first render count: an object that is made anew at each render must not connect anew.
  const [first] = useState(options);
  const wanted = address == null ? undefined : String(address);
  useEffect(() => {
    if (wanted === undefined) {
      return undefined;
    }
    const mounted = new AbortController();
    const show = (view: SessionView): void => {
      if (!mounted.signal.aborted) {
        setSeen({ address: wanted, view });
      }
    };
    const options = { ...first, catchUp: first?.catchUp ?? "latest", signal: mounted.signal };
    void keepTrying(connect, wanted, options, show);
    return () => {
      mounted.abort();
      setSeen(NONE);
    };
  }, [connect, wanted, first]);
  // Until the effect has run, what was seen is of the address before.
  return seen.address === wanted ? seen.view : NOTHING;
}

/** The pause before it is tried again to connect, in milliseconds: doubled each time, up to the longest. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/** Connects, and tries again if it fails for a reason that may pass. Meanwhile the error is shown. */
async function keepTrying(
  connect: Connect,
  address: string,
  options: ConnectOptions & { readonly signal: AbortSignal },
  show: (view: SessionView) => void,
): Promise<void> {
  for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_RETRY_MS)) {
    try {
      follow(await connect(address, options), show);
      return;
    } catch (error) {
      show({ ...NOTHING, error });
      if (options.signal.aborted || !mayPass(error)) {
        return;
      }
    }
    await pause(pauseMs, options);
  }
}

/** Whether it may help to try again: nobody answered, or only somebody who cannot answer now. */
function mayPass(error: unknown): boolean {
  return error instanceof ServerError
    ? error.status >= 500 || error.status === 408 || error.status === 429
    : error instanceof SessionError && error.code !== "not_an_address" && error.code !== "closed";
}

function pause(ms: number, options: ConnectOptions & { readonly signal: AbortSignal }): Promise<void> {
  const { timers } = platform(options.platform);
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      options.signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = timers.set(end, ms);
    options.signal.addEventListener("abort", end);
  });
}

/** Shows a session at each step, and at its stop. */
function follow(session: LiveSession, show: (view: SessionView) => void): void {
  // The component may have been unmounted at the very moment.
  if (session.isClosed) {
    return;
  }
  const showNow = (): void =>
    show({ state: session.state(), session, isStopped: session.isStopped, error: undefined });
  session.on("tick", showNow);
  session.on("stopped", showNow);
  showNow();
}
