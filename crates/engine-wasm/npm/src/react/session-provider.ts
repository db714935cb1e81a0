import { createContext, createElement, type ReactElement, type ReactNode, useContext } from "react";

import type { SessionStoreOptions } from "../store/session-store.js";

/** The properties of {@link SessionProvider}: default options, except those that belong to one session. */
export interface SessionProviderProps extends Omit<SessionStoreOptions, "record"> {
  readonly children?: ReactNode;
}

const Defaults = createContext<SessionStoreOptions>({});

/**
 * Gives all components inside it default options for `useSession`, such as a shared `clock`, `headers` or an `engine`. The options of
 * a component come first, then those of the innermost provider.
 *
 * @example
 * ```tsx
 * function App({ address }: { address: string }) {
 *   return (
 *     <SessionProvider headers={{ "x-game": "chess" }}>
 *       <Counter address={address} />
 *     </SessionProvider>
 *   );
 * }
 *
 * function Counter({ address }: { address: string }) {
 *   const { state } = useSession(address);
 *   return <p>{state ? state.value : "connecting"}</p>;
 * }
 * ```
 */
export function SessionProvider({ children, ...options }: SessionProviderProps): ReactElement {
  const value = useOptions(options);
  return createElement(Defaults.Provider, { value }, children);
}

/** Returns the options of a component, completed by those of the providers around it. */
export function useOptions(options: SessionStoreOptions | undefined): SessionStoreOptions {
  const defaults = useContext(Defaults);
  const own = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(own) };
}
