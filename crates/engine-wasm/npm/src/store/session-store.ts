/** The one store that all frameworks read sessions from. */
import type { SessionRecord } from "../http/schemas.js";
import { type Connect, type ConnectOptions, connect } from "../session/connect.js";
import { connectingView, IDLE, type SessionView } from "./session-view.js";
import { shareKey } from "./share-key.js";
import { SharedSession } from "./shared-session.js";

/** The options of {@link sessionStore}: those of `connect`, and how often the view changes. */
export interface SessionStoreOptions extends Omit<ConnectOptions, "signal" | "retry" | "onRetry"> {
  /**
   * Whether the view has the `state`, and so changes at every step: `true` by default. Pass `false` if the page draws by itself, for
   * example with `session.frame()` in `requestAnimationFrame`.
   */
  readonly render?: boolean | undefined;
  /**
   * The session as a server has read it. The view shows what it says from the beginning, on a server as well as in the browser, and
   * connecting needs no request for the session.
   */
  readonly record?: SessionRecord | undefined;
}

/** Values that change over time. The functions need no `this`. */
export interface Snapshots<Value> {
  /** Calls a listener after each change, until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Returns the current value: the same object until it changes. */
  readonly getSnapshot: () => Value;
  /** Returns the value before anything is connected, which is the same on a server and in the browser. */
  readonly getServerSnapshot: () => Value;
}

/** The views of a session. Created by {@link sessionStore}. */
export interface SessionStore extends Snapshots<SessionView> {
  /**
   * Returns a part of the views, which changes only if that part does.
   *
   * @param selector Computes the part from a view, and does nothing else.
   * @param isEqual Whether two parts show the same. By default `Object.is`, which suits numbers, texts and booleans.
   */
  readonly select: <Selected>(
    selector: (view: SessionView) => Selected,
    isEqual?: (one: Selected, other: Selected) => boolean,
  ) => Snapshots<Selected>;
}

/** The sessions that are connected or connecting, by their keys. */
const shared = new Map<string, SharedSession>();

/**
 * Returns a store of a session, as state libraries and frameworks expect it. It connects at the first subscriber, tries again after
 * errors that may pass, and closes two seconds after the last subscriber has left. Nothing is requested before.
 *
 * Stores of the same address and options share one session: options are the same if `catchUp` and `token` are, `headers` have the same names
 * and values, `engine` is the same text or object, and `clock` and `platform` are the same objects.
 *
 * @param address The address of the session, as for `connect`. If it is not one, the view shows that error.
 *
 * @example
 * ```ts
 * const store = sessionStore("https://ticks.example/v1/sessions/sess_...");
 * const value = store.select((view) => view.state?.value);
 * const off = value.subscribe(() => console.log(value.getSnapshot()));
 * ```
 */
export function sessionStore(address: string | URL, options: SessionStoreOptions = {}): SessionStore {
  return storeWith(connect, address, options);
}

/** Returns a store for a framework: its address may be unknown yet. */
export function storeWith(
  connect: Connect,
  address: string | URL | null | undefined,
  options: SessionStoreOptions,
): SessionStore {
  return address == null ? NO_SESSION : storeOf(connect, address, options);
}

function storeOf(connect: Connect, address: string | URL, options: SessionStoreOptions): SessionStore {
  const { render = true, ...connectOptions } = options;
  const key = shareKey(address, options);
  const first = connectingView(options.record);
  const open = (): SharedSession => {
    const ended = (): void => void shared.delete(key);
    const session =
      shared.get(key) ?? new SharedSession({ connect, address, options: connectOptions, ended });
    shared.set(key, session);
    return session;
  };
  return selectable({
    subscribe: (listener) => open().subscribe(render ? "every" : "still", listener),
    getSnapshot: () => (render ? shared.get(key)?.view : shared.get(key)?.stillView) ?? first,
    getServerSnapshot: () => first,
  });
}

const NO_SESSION = selectable({
  subscribe: () => () => undefined,
  getSnapshot: () => IDLE,
  getServerSnapshot: () => IDLE,
});

function selectable(views: Snapshots<SessionView>): SessionStore {
  return { ...views, select: (selector, isEqual = Object.is) => selected(views, selector, isEqual) };
}

function selected<Selected>(
  views: Snapshots<SessionView>,
  selector: (view: SessionView) => Selected,
  isEqual: (one: Selected, other: Selected) => boolean,
): Snapshots<Selected> {
  const getSnapshot = remembering(views.getSnapshot, selector, isEqual);
  const subscribe = (listener: () => void): (() => void) => {
    let shown = getSnapshot();
    return views.subscribe(() => {
      const current = getSnapshot();
      if (!Object.is(current, shown)) {
        shown = current;
        listener();
      }
    });
  };
  return {
    subscribe,
    getSnapshot,
    getServerSnapshot: remembering(views.getServerSnapshot, selector, isEqual),
  };
}

/** Computes the part of a view once for each view, and returns the former part if both show the same. */
function remembering<Selected>(
  getView: () => SessionView,
  selector: (view: SessionView) => Selected,
  isEqual: (one: Selected, other: Selected) => boolean,
): () => Selected {
  let last: { readonly view: SessionView; readonly part: Selected } | undefined;
  return () => {
    const view = getView();
    if (last?.view !== view) {
      const part = selector(view);
      last = { view, part: last !== undefined && isEqual(last.part, part) ? last.part : part };
    }
    return last.part;
  };
}
