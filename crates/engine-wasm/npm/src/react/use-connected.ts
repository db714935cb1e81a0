import { useEffect, useState } from "react";

import type { State } from "../engine/session.js";
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
  /** Why the session could not be connected to. */
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
    connect(wanted, { catchUp: "latest", ...first, signal: mounted.signal }).then(
      (session) => follow(session, show),
      (error: unknown) => show({ ...NOTHING, error }),
    );
    return () => {
      mounted.abort();
      setSeen(NONE);
    };
  }, [connect, wanted, first]);
  // Until the effect has run, what was seen is of the address before.
  return seen.address === wanted ? seen.view : NOTHING;
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
