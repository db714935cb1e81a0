/**
 * A hook for React 18 and 19. This entry is for browsers and bundlers; Node.js takes its own, for rendering on a server.
 *
 * @packageDocumentation
 */
import { connect } from "./index.js";
import { type SessionView, type UseSessionOptions, useConnected } from "./react/use-connected.js";

export type { SessionView, UseSessionOptions } from "./react/use-connected.js";

/**
 * Connects to a session while the component is mounted, and renders it again at each step and at the stop.
 *
 * @param address Where the session is; `null` or `undefined` while it is not known yet. Another address is another session.
 * @param options As for `connect`, those of the first render; ticks catch up by `"latest"` unless they say otherwise. Components
 *   that share a server may share a `clock`.
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
