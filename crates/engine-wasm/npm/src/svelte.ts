/**
 * A store for Svelte 4 and 5.
 *
 * @packageDocumentation
 */
import "./sources/file.js";

export type { Connection, SessionView } from "./store/session-view.js";
export {
  type ReadableSession,
  readableSession,
  type SessionAddress,
  type SessionOptions,
} from "./svelte/readable-session.js";
