/** The page's one event stream, whose events are handed to the page itself and to all players. */
import type { StreamEvent } from "tickseed";

import type { Relayed } from "../player/messages.js";

/** The events that carry the session, and all that the server sends. */
const WITH_SESSION = ["session", "changed", "stopped"];
const TYPES = [...WITH_SESSION, "settled", "expired", "deleted"];

/** How long a stream that the browser has given up stays closed, in milliseconds. */
const REOPEN_MS = 2_000;

type Listener = (relayed: Relayed) => void;

export class EventHub {
  readonly #address: string;
  readonly #listeners = new Set<Listener>();
  #stream: EventSource | undefined;
  #lastSession: StreamEvent | undefined;
  #lastSettled: StreamEvent | undefined;
  #reopening: ReturnType<typeof setTimeout> | undefined;

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
    if (this.isOpen && this.#lastSession !== undefined) {
      listener({ type: "open" });
      listener({ type: "session", event: this.#lastSession });
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
  }

  #open(): void {
    const stream = new EventSource(this.#address);
    this.#stream = stream;
    stream.addEventListener("open", () => {
      this.#lastSettled = undefined;
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
        this.#tell({ type, event });
      });
    }
  }

  #lose(isClosed: boolean): void {
    if (isClosed) {
      this.#reopening = setTimeout(() => this.#open(), REOPEN_MS);
    }
    this.#tell({ type: "error", isClosed: false });
  }

  #tell(relayed: Relayed): void {
    for (const listener of [...this.#listeners]) {
      listener(relayed);
    }
  }
}
