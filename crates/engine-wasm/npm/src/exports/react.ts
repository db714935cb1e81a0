/** The public names for React, listed once for every entry. */
export { SessionProvider, type SessionProviderProps } from "../react/session-provider.js";
export { type SessionAddress, type UseSessionOptions, useSession } from "../react/use-session.js";
export type { Connection, SessionView } from "../store/session-view.js";
