/** The page's one event stream, whose events are handed to the page itself and to all players. */
import type { StreamEvent } from "tickseed";

import type { Relayed } from "../player/messages.js";

/** The events that carry the session, and all that the server sends. */
const WITH_SESSION = ["session", "changed", "stopped"];
/** The events after which the server no longer has the session. */
const ENDS = ["expired", "deleted"];
const TYPES = [...WITH_SESSION, "settled", ...ENDS];

/** How long a stream that the browser has given up stays closed, in milliseconds. Every failure in a row doubles it. */
const REOPEN_MS = 2_000;
const REOPEN_AT_MOST_MS = 30_000;

type Listener = (relayed: Relayed) => void;

export class EventHub {
  readonly #address: string;
  readonly #listeners = new Set<Listener>();
  #stream: EventSource | undefined;
  #lastSession: StreamEvent | undefined;
  #lastSettled: StreamEvent | undefined;
  /** The event that ended the stream for good. */
  #end: Relayed | undefined;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #reopenMs = REOPEN_MS;
  /** Ends the wait for a visitor to look at the page again. */
  #unwatch: (() => void) | undefined;

  constructor(address: string) {
    this.#address = `${address}/events`;
    this.#open();
  }

  get isOpen(): boolean {
    return this.#stream?.readyState === EventSource.OPEN;
  }

  /** Hands events to a listener, first those that say how things are. Returns a function that ends this. */
  join(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#end !== undefined) {
      listener(this.#end);
    }
    if (this.isOpen) {
      listener({ type: "open" });
      if (this.#lastSession !== undefined) {
        listener({ type: "session", event: this.#lastSession });
      }
      if (this.#lastSettled !== undefined) {
        listener({ type: "settled", event: this.#lastSettled });
      }
    }
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#stream?.close();
    this.#listeners.clear();
    clearTimeout(this.#reopening);
    this.#unwatch?.();
  }

  #open(): void {
    const stream = new EventSource(this.#address);
    this.#stream = stream;
    stream.addEventListener("open", () => {
      // A proxy may hold back the events of this stream, so those of the last one no longer count.
      this.#lastSession = undefined;
      this.#lastSettled = undefined;
      this.#reopenMs = REOPEN_MS;
      this.#tell({ type: "open" });
    });
    stream.addEventListener("error", () => this.#lose(stream.readyState === EventSource.CLOSED));
    for (const type of TYPES) {
      stream.addEventListener(type, ({ data, lastEventId }: MessageEvent<string>) => {
        const event = { data, lastEventId };
        if (WITH_SESSION.includes(type)) {
          this.#lastSession = event;
          this.#lastSettled = undefined;
        } else if (type === "settled") {
          this.#lastSettled = event;
        }
        if (ENDS.includes(type)) {
          // The server refuses every further stream of this session.
          stream.close();
          this.#end = { type, event };
        }
        this.#tell({ type, event });
      });
    }
  }

  #lose(isClosed: boolean): void {
    if (isClosed) {
      this.#reopening = setTimeout(() => this.#openOnceVisible(), this.#reopenMs);
      this.#reopenMs = Math.min(2 * this.#reopenMs, REOPEN_AT_MOST_MS);
    }
    this.#tell({ type: "error", isClosed: false });
  }

  /** Opens the stream, in a hidden tab only once a visitor looks at it again. */
  #openOnceVisible(): void {
    this.#unwatch?.();
    if (document.visibilityState !== "hidden") {
      this.#open();
      return;
    }
    const look = (): void => this.#openOnceVisible();
    document.addEventListener("visibilitychange", look);
    this.#unwatch = () => document.removeEventListener("visibilitychange", look);
  }

  #tell(relayed: Relayed): void {
    for (const listener of [...this.#listeners]) {
      listener(relayed);
    }
  }
}
