/** A session that several components show, from the first of them until a while after the last. */
import { Listeners } from "../listeners.js";
import { type Platform, platform } from "../platform.js";
import type { Connect, ConnectOptions } from "../session/connect.js";
import type { LiveSession } from "../session/live.js";
import { connectedView, connectingView, renewed, type SessionView } from "./session-view.js";

/** How long a session stays connected without a component, so that remounting or a change of page does not reconnect. */
export const LINGER_MS = 2_000;

/** What components subscribe to: every change of the view, or every change except those of the state. */
interface ViewEvents {
  every: undefined;
  still: undefined;
}

const EVENTS: Record<keyof ViewEvents, true> = { every: true, still: true };

/** Everything else that changes the view, beside `state`. */
const CHANGES = ["stopped", "changed", "status", "settled"] as const;

/** The inputs of a shared session. */
export interface SharedSessionParts {
  readonly connect: Connect;
  readonly address: string | URL;
  readonly options: Omit<ConnectOptions, "signal" | "retry" | "onRetry">;
  /** Called once the last component has left and the session is closed. */
  ended(): void;
}

/** Connects at its first component. */
export class SharedSession {
  readonly #parts: SharedSessionParts;
  readonly #timers: Platform["timers"];
  readonly #closing = new AbortController();
  readonly #listeners = new Listeners<ViewEvents>(EVENTS);
  #users = 0;
  #isStarted = false;
  #cancelEnd: () => void = nothing;
  #view: SessionView;
  /** The view without the state. */
  #stillView: SessionView;
  /** Stops following the steps, if they are followed. */
  #unfollow: (() => void) | undefined;

  constructor(parts: SharedSessionParts) {
    this.#parts = parts;
    this.#timers = platform(parts.options.platform).timers;
    this.#view = connectingView(parts.options.record);
    this.#stillView = this.#view;
  }

  /** The current view. */
  get view(): SessionView {
    const { session } = this.#view;
    // While nobody follows the steps, nobody has to be told of this one.
    if (this.#unfollow === undefined && session?.isClosed === false) {
      this.#view = renewed(this.#view, { ...this.#view, state: session.state() });
    }
    return this.#view;
  }

  /** The current view without the state: it stays the same from step to step. */
  get stillView(): SessionView {
    return this.#stillView;
  }

  /** Adds a component. Returns a function that removes it. */
  subscribe(what: keyof ViewEvents, listener: () => void): () => void {
    const off = this.#listeners.add(what, listener);
    this.#cancelEnd();
    this.#users += 1;
    this.#start();
    this.#followSteps();
    let isSubscribed = true;
    return () => {
      if (isSubscribed) {
        isSubscribed = false;
        off();
        this.#leave();
      }
    };
  }

  #leave(): void {
    this.#users -= 1;
    this.#followSteps();
    if (this.#users === 0) {
      // There is nothing to keep of a failure, and the next component tries again.
      const isOver = this.#view.connection === "failed";
      this.#cancelEnd = isOver ? nothing : this.#timers.set(() => this.#end(), LINGER_MS);
      if (isOver) {
        this.#end();
      }
    }
  }

  #end(): void {
    this.#closing.abort();
    this.#parts.ended();
  }

  #start(): void {
    if (!this.#isStarted) {
      this.#isStarted = true;
      void this.#connect();
    }
  }

  async #connect(): Promise<void> {
    const { connect, address, options } = this.#parts;
    const { signal } = this.#closing;
    const retrying = ({ error }: { readonly error: unknown }): void =>
      this.#show({ ...connectingView(options.record), error });
    try {
      this.#follow(await connect(address, { ...options, retry: true, onRetry: retrying, signal }));
    } catch (error) {
      // If the last component has left meanwhile, nobody sees this.
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#show({ ...connectingView(this.#view.record), connection: "failed", error });
  }

  #follow(session: LiveSession): void {
    for (const event of CHANGES) {
      session.on(event, () => this.#refresh());
    }
    session.on("unsupported", (error) => this.#fail(error));
    this.#show(connectedView(session));
    this.#followSteps();
  }

  /** Follows the steps only as long as a component shows them. */
  #followSteps(): void {
    const { session } = this.#view;
    const isWanted = this.#listeners.has("every");
    if (isWanted && this.#unfollow === undefined && session?.isClosed === false) {
      this.#unfollow = session.on("state", () => this.#refresh());
      this.#refresh();
    } else if (!isWanted) {
      this.#unfollow?.();
      this.#unfollow = undefined;
    }
  }

  /** Shows the session as it is now. */
  #refresh(): void {
    const { session } = this.#view;
    if (session?.isClosed === false) {
      this.#show(connectedView(session));
    }
  }

  #show(next: SessionView): void {
    const [view, stillView] = [this.#view, this.#stillView];
    this.#view = renewed(view, next);
    this.#stillView = renewed(stillView, { ...next, state: undefined });
    if (this.#view !== view) {
      this.#listeners.emit("every", undefined);
    }
    if (this.#stillView !== stillView) {
      this.#listeners.emit("still", undefined);
    }
  }
}

function nothing(): void {
  // Nothing is planned.
}
