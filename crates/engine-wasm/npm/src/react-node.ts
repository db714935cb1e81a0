/** The hook for Node.js, where components are rendered but never mounted: the same as `react.ts`. */
import { connect } from "./node.js";
import { type SessionView, type UseSessionOptions, useConnected } from "./react/use-connected.js";

export type { SessionView, UseSessionOptions } from "./react/use-connected.js";

/** Connects to a session while the component is mounted, as described in `react.ts`. */
export function useSession(
  address: string | URL | null | undefined,
  options?: UseSessionOptions,
): SessionView {
  return useConnected(connect, address, options);
}
