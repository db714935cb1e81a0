import { connect } from "../session/connect.js";
import { type SessionStoreOptions, type Snapshots, storeWith } from "../store/session-store.js";
import type { SessionView } from "../store/session-view.js";

/** The address of a session; `null` or `undefined` while it is unknown. */
export type SessionAddress = string | URL | null | undefined;

/** The options of {@link readableSession}. */
export type SessionOptions = SessionStoreOptions;

/** A store with Svelte's contract: assignable to `Readable` of `svelte/store`. */
export interface ReadableSession<Value> {
  /** Calls a function with the current value at once, and then with each other value. Returns a function that ends this. */
  subscribe(this: void, run: (value: Value) => void, invalidate?: () => void): () => void;
}

/**
 * Returns a Svelte store of a session. It is connected while something subscribes to it, and two seconds longer. Stores of the same
 * address and options share a session. On a server nothing is requested, and the value has what the option `record` says.
 *
 * @param address The address of the session; `null` or `undefined` while it is unknown. For another address create another store, for
 *   example with `$derived` or `$:`.
 * @param options The options of `connect`, with `record` and `render`.
 *
 * @example
 * ```svelte
 * <script>
 *   import { readableSession } from "tickseed/svelte";
 *
 *   const { address } = $props();
 *   const session = $derived(readableSession(address));
 * </script>
 *
 * <p>{$session.error ?? $session.state?.value ?? "connecting"}</p>
 * ```
 */
export function readableSession(
  address: SessionAddress,
  options?: SessionOptions,
): ReadableSession<SessionView>;
/**
 * Returns a Svelte store of a part of a session, which changes only if that part does.
 *
 * @param selector Computes the part from a view, and does nothing else.
 * @param isEqual Whether two parts show the same. By default `Object.is`, which suits numbers, texts and booleans.
 *
 * @example
 * ```ts
 * const round = readableSession(address, {}, (view) => view.state?.round);
 * ```
 */
export function readableSession<Selected>(
  address: SessionAddress,
  options: SessionOptions | undefined,
  selector: (view: SessionView) => Selected,
  isEqual?: (one: Selected, other: Selected) => boolean,
): ReadableSession<Selected>;
export function readableSession(
  address: SessionAddress,
  options: SessionOptions = {},
  selector?: (view: SessionView) => unknown,
  isEqual?: (one: unknown, other: unknown) => boolean,
): ReadableSession<unknown> {
  const store = storeWith(connect, address, options);
  return readable(selector === undefined ? store : store.select(selector, isEqual));
}

function readable<Value>({
  subscribe,
  getSnapshot,
  getServerSnapshot,
}: Snapshots<Value>): ReadableSession<Value> {
  return {
    subscribe: (run) => {
      // Components that are rendered on a server subscribe too.
      if (!isBrowser()) {
        run(getServerSnapshot());
        return () => undefined;
      }
      const off = subscribe(() => run(getSnapshot()));
      run(getSnapshot());
      return off;
    },
  };
}

function isBrowser(): boolean {
  return "document" in globalThis;
}
