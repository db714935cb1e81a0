"use client";

/**
 * A hook for React 18 and 19.
 *
 * @packageDocumentation
 */
// Finds the engine's file.
import "./index.js";

export { SessionProvider, type SessionProviderProps } from "./react/session-provider.js";
export { type SessionAddress, type UseSessionOptions, useSession } from "./react/use-session.js";
export type { Connection, SessionView } from "./store/session-view.js";
