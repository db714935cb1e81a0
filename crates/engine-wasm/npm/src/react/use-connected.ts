import { useEffect, useState } from "react";

import type { State } from "../engine/session.js";
import { ServerError, SessionError } from "../http/error.js";
import { platform } from "../platform.js";
import type { Connect, ConnectOptions } from "../session/connect.js";
import type { LiveSession } from "../session/live.js";

/** A session as a component sees it. */
export interface SessionView {
  /** The current state; `undefined` until the session is connected. */
  readonly state: State | undefined;
  /** The session, for `draw`, `clock` and so on; `undefined` until it is connected. */
  readonly session: LiveSession | undefined;
  /** Whether the session has stopped. */
  readonly isStopped: boolean;
  /** Whether the session is paused. */
  readonly isPaused: boolean;
  /** Whether the state is certain: no unknown change can have taken effect. Always `false` without a notice. */
  readonly isSettled: boolean;
  /** Why connecting failed. The hook retries by itself if the error may be temporary. */
  readonly error: unknown;
}

/** The options of {@link useSession}. Unmounting takes the place of a signal. */
export type UseSessionOptions = Omit<ConnectOptions, "signal">;

const NOTHING: SessionView = {
  state: undefined,
  session: undefined,
  isStopped: false,
  isPaused: false,
  isSettled: false,
  error: undefined,
};

/** A view and the address it belongs to. */
interface AddressedView {
  readonly address: string | undefined;
  readonly view: SessionView;
}

const NONE: AddressedView = { address: undefined, view: NOTHING };

/** Connects with `connect` while the component is mounted. */
export function useConnected(
  connect: Connect,
  address: string | URL | null | undefined,
  options: UseSessionOptions | undefined,
): SessionView {
  const [current, setCurrent] = useState(NONE);
  // Keeps the options of the first render: a new object at each render must not reconnect.
  const [first] = useState(options);
  const wanted = address == null ? undefined : String(address);
  useEffect(() => {
    if (wanted === undefined) {
      return undefined;
    }
    const mounted = new AbortController();
    const show = (view: SessionView): void => {
      if (!mounted.signal.aborted) {
        setCurrent({ address: wanted, view });
      }
    };
    const options = { ...first, catchUp: first?.catchUp ?? "latest", signal: mounted.signal };
    void connectRepeatedly(connect, wanted, options, show);
    return () => {
      mounted.abort();
      setCurrent(NONE);
    };
  }, [connect, wanted, first]);
  // Until the effect has run, the view belongs to the previous address.
  return current.address === wanted ? current.view : NOTHING;
}

/** The pause before the next attempt to connect, in milliseconds: doubled each time, up to the longest. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/** Connects, and tries again after temporary errors. Shows the error meanwhile. */
async function connectRepeatedly(
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
      if (options.signal.aborted || !isTransient(error)) {
        return;
      }
    }
    await pause(pauseMs, options);
  }
}

/** Returns whether an error may be temporary: there was no response, or the server is busy or failing. */
function isTransient(error: unknown): boolean {
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

/** Shows a session at each step, and whenever anything else changes that a view shows. */
function follow(session: LiveSession, show: (view: SessionView) => void): void {
  // The component may have been unmounted at this very moment.
  if (session.isClosed) {
    return;
  }
  const showNow = (): void => show(viewOf(session));
  for (const event of ["state", "stopped", "changed", "status", "settled"] as const) {
    session.on(event, showNow);
  }
  session.on("unsupported", (error) => show({ ...NOTHING, error }));
  showNow();
}

function viewOf(session: LiveSession): SessionView {
  const { isStopped, isPaused, isSettled } = session;
  return { state: session.state(), session, isStopped, isPaused, isSettled, error: undefined };
}
