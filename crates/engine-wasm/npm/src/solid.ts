/**
 * A primitive for Solid.
 *
 * @packageDocumentation
 */
import "./sources/file.js";

export {
  type SessionAccessors,
  type SessionAddress,
  type UseSessionOptions,
  useSession,
} from "./solid/use-session.js";
export type { Connection, SessionView } from "./store/session-view.js";
