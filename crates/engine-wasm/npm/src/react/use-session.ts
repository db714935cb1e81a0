import { useMemo, useState, useSyncExternalStore } from "react";

import { connect } from "../session/connect.js";
import { type SessionStore, type SessionStoreOptions, storeWith } from "../store/session-store.js";
import type { SessionView } from "../store/session-view.js";
import { shareKey } from "../store/share-key.js";
import { useOptions } from "./session-provider.js";

/** The address of a session; `null` or `undefined` while it is unknown. */
export type SessionAddress = string | URL | null | undefined;

/** The options of {@link useSession}. */
export type UseSessionOptions = SessionStoreOptions;

/**
 * Shows a session: renders the component at each step, and whenever anything else changes that the view shows.
 *
 * The session is connected while a component that uses it is mounted, and two seconds longer. Components with the same address and
 * options share it. On a server nothing is requested, and the view shows what the option `record` says.
 *
 * @param address The address of the session; `null` or `undefined` while it is unknown. A new address shows another session.
 * @param options The options of `connect`, with `record` and `render`. Options with other content connect anew, but `engine` and
 *   `platform` are those of the first render.
 *
 * @example
 * ```tsx
 * function Counter({ address }: { address: string }) {
 *   const { state, error } = useSession(address);
 *   if (error) return <p>{String(error)}</p>;
 *   return <p>{state ? state.value : "connecting"}</p>;
 * }
 * ```
 */
export function useSession(address: SessionAddress, options?: UseSessionOptions): SessionView;
/**
 * Shows a part of a session: renders the component only when that part changes.
 *
 * @param selector Computes the part from a view, and does nothing else.
 * @param isEqual Whether two parts show the same. By default `Object.is`, which suits numbers, texts and booleans.
 *
 * @example
 * ```tsx
 * function Rounds({ address }: { address: string }) {
 *   const round = useSession(address, {}, (view) => view.state?.round);
 *   return <p>{round ?? "connecting"}</p>;
 * }
 * ```
 */
export function useSession<Selected>(
  address: SessionAddress,
  options: UseSessionOptions | undefined,
  selector: (view: SessionView) => Selected,
  isEqual?: (one: Selected, other: Selected) => boolean,
): Selected;
export function useSession(
  address: SessionAddress,
  options?: UseSessionOptions,
  selector: (view: SessionView) => unknown = whole,
  isEqual: (one: unknown, other: unknown) => boolean = Object.is,
): unknown {
  const store = useStore(address, options);
  const { getSnapshot, getServerSnapshot } = useMemo(
    () => store.select(selector, isEqual),
    [store, selector, isEqual],
  );
  return useSyncExternalStore(store.subscribe, getSnapshot, getServerSnapshot);
}

function whole(view: SessionView): SessionView {
  return view;
}

/** Returns the same store as long as the address and the options have the same content. */
function useStore(address: SessionAddress, options: UseSessionOptions | undefined): SessionStore {
  const all = useOptions(options);
  // These are often written where they are used, so that each render has another object.
  const [{ engine, platform }] = useState(all);
  const wanted = { ...all, engine, platform };
  const key = address == null ? undefined : shareKey(address, wanted);
  const { record, render } = wanted;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key has the content of the address and the options.
  return useMemo(() => storeWith(connect, address, wanted), [key, record, render]);
}
