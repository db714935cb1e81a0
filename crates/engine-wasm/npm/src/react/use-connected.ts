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

/** Connects by `connect` while the component is mounted. */
export function useConnected(
  connect: Connect,
  address: string | URL | null | undefined,
  options: UseSessionOptions | undefined,
): SessionView {
  const [view, setView] = useState(NOTHING);
  // Those of the first render count: an object that is made anew at each render must not connect anew.
  const [first] = useState(options);
  const shown = address == null ? undefined : String(address);
  useEffect(() => {
    if (shown === undefined) {
      return undefined;
    }
    const mounted = new AbortController();
    const { signal } = mounted;
    const show = (session: LiveSession): void =>
      setView({ state: session.state(), session, isStopped: session.isStopped, error: undefined });
    connect(shown, { catchUp: "latest", ...first, signal }).then(
      (session) => {
        session.on("tick", () => show(session));
        session.on("stopped", () => show(session));
        show(session);
      },
      (error: unknown) => {
        if (!signal.aborted) {
          setView({ ...NOTHING, error });
        }
      },
    );
    return () => {
      mounted.abort();
      setView(NOTHING);
    };
  }, [connect, shown, first]);
  return view;
}
