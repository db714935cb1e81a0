/** The hook, for the entries that say where the engine comes from. */
import { connect } from "../session/connect.js";
import { type SessionView, type UseSessionOptions, useConnected } from "./use-connected.js";

export type { SessionView, UseSessionOptions } from "./use-connected.js";

/**
 * Connects to a session while the component is mounted, and renders the component at each step, and when the session pauses,
 * resumes, stops, or gets or loses its promise that nothing unknown takes effect.
 *
 * @param address The address of the session; `null` or `undefined` while it is unknown. A new address connects to a new session.
 * @param options The options of `connect`, taken from the first render. The default of `catchUp` is `"latest"`. Components that
 *   use the same server can share a `clock`.
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
export function useSession(
  address: string | URL | null | undefined,
  options?: UseSessionOptions,
): SessionView {
  return useConnected(connect, address, options);
}
