import { type Accessor, createEffect, createMemo, createSignal, onCleanup } from "solid-js";

import { connect } from "../session/connect.js";
import { type SessionStoreOptions, storeWith } from "../store/session-store.js";
import { IDLE, type SessionView } from "../store/session-view.js";

/** The address of a session; `null` or `undefined` while it is unknown. */
export type SessionAddress = string | URL | null | undefined;

/** The options of {@link useSession}. */
export type UseSessionOptions = SessionStoreOptions;

/** The fields of a view, each as an accessor that changes only if the field does. */
export type SessionAccessors = { readonly [Field in keyof SessionView]: Accessor<SessionView[Field]> };

/**
 * Shows a session. It is connected while its owner, usually a component, exists, and two seconds longer. Components with the same
 * address and options share it. On a server nothing is requested, and the accessors return what the option `record` says.
 *
 * @param address The address of the session, or an accessor of it; `null` or `undefined` while it is unknown.
 * @param options The options of `connect`, with `record` and `render`. They are read once.
 *
 * @example
 * ```ts
 * import { createEffect } from "solid-js";
 * import { useSession } from "tickseed/solid";
 *
 * const { state, error } = useSession(() => address);
 * createEffect(() => show(error() ?? state()?.value ?? "connecting"));
 * ```
 */
export function useSession(
  address: SessionAddress | Accessor<SessionAddress>,
  options: UseSessionOptions = {},
): SessionAccessors {
  const store = createMemo(() =>
    storeWith(connect, typeof address === "function" ? address() : address, options),
  );
  const [changes, setChanges] = createSignal(0);
  const view = createMemo(() => {
    const { getSnapshot, getServerSnapshot } = store();
    return changes() === 0 ? getServerSnapshot() : getSnapshot();
  });
  // Effects run only in browsers, after the first rendering.
  createEffect(() => {
    const count = (): void => void setChanges((before) => before + 1);
    onCleanup(store().subscribe(count));
    count();
  });
  return accessorsOf(view);
}

function accessorsOf(view: Accessor<SessionView>): SessionAccessors {
  const names = Object.keys(IDLE) as (keyof SessionView)[];
  return Object.fromEntries(names.map((name) => [name, createMemo(() => view()[name])])) as SessionAccessors;
}
