/**
 * A composable for Vue 3.3 and later.
 *
 * @packageDocumentation
 */
import "./sources/file.js";

export type { Connection, SessionView } from "./store/session-view.js";
export {
  type SessionAddress,
  type SessionRefs,
  type UseSessionOptions,
  useSession,
} from "./vue/use-session.js";
