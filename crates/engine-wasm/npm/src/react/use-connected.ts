import { useEffect, useState } from "react";

import type { State } from "../engine/session.js";
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
  /** Why connecting failed. The hook tries again by itself if the error may pass: see its `mayPass`. */
  readonly error: unknown;
}

/** The options of {@link useSession}. Unmounting takes the place of a signal. */
export type UseSessionOptions = Omit<ConnectOptions, "signal" | "retry" | "onRetry">;

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
    void connectAndFollow(connect, wanted, options, show);
    return () => {
      mounted.abort();
      setCurrent(NONE);
    };
  }, [connect, wanted, first]);
  // Until the effect has run, the view belongs to the previous address.
  return current.address === wanted ? current.view : NOTHING;
}

/** Connects, and tries again after errors that may pass. Shows the error meanwhile. */
async function connectAndFollow(
  connect: Connect,
  address: string,
  options: ConnectOptions,
  show: (view: SessionView) => void,
): Promise<void> {
  const showError = ({ error }: { readonly error: unknown }): void => show({ ...NOTHING, error });
  try {
    follow(await connect(address, { ...options, retry: true, onRetry: showError }), show);
  } catch (error) {
    showError({ error });
  }
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
