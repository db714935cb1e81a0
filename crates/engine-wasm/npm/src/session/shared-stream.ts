/**
 * An event stream that all tabs of a browser share. One tab, the leader, holds the stream of its session, and passes the events on to
 * the other tabs that watch the same session. Tabs that watch other sessions of the server have no stream and poll.
 *
 * Loaded only when it is needed.
 */
import type { SessionAddress } from "../http/address.js";
import type { Channel, EventStream, Platform, StreamEvent } from "../platform.js";
import { CLOSED, CONNECTING, ENDS, OPEN, WITH_SESSION } from "./stream-events.js";
import { StreamLeader } from "./stream-leader.js";
import { isMessage, type TabMessage } from "./tab-message.js";

const TYPES = [...WITH_SESSION, ...ENDS, "settled", "open", "error"];

/** How long a leader that another tab has outranked waits to be told that it no longer has the lock, in milliseconds. */
const TOLD_AFTER_MS = 3_000;
/** How long a page that has been left runs before it joins again, in milliseconds. */
const BACK_AFTER_MS = 1_000;

type Listener = (event: StreamEvent) => void;

/** One tab's view of the shared stream. It behaves as an `EventSource` does. */
export class SharedStream implements EventStream {
  readyState = CONNECTING;
  readonly #platform: Platform;
  readonly #address: string;
  readonly #name: string;
  readonly #giveUp: () => void;
  readonly #listeners: [type: string, listener: Listener][] = [];
  #leaving = new AbortController();
  #channel: Channel | undefined;
  #leader: StreamLeader | undefined;
  /** The stream itself, while this tab is the leader. */
  #stream: EventStream | undefined;
  #last: StreamEvent | undefined;
  #term = 0;
  #cancelTimer: () => void = nothing;

  /** @param giveUp Called, but not at once, if tabs cannot share streams here. */
  constructor(platform: Platform, { events, origin }: SessionAddress, giveUp: () => void) {
    this.#platform = platform;
    this.#address = events;
    this.#giveUp = giveUp;
    this.#name = `tickseed stream 1 ${origin}`;
    this.#begin();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  close(): void {
    this.#end(CLOSED);
  }

  #end(readyState: number): void {
    this.readyState = readyState;
    this.#cancelTimer();
    this.#leaving.abort();
    const hadStream = this.#stream !== undefined;
    this.#closeStream();
    if (hadStream) {
      this.#speak();
    }
    this.#leader?.end();
    this.#channel?.close();
  }

  #begin(): void {
    const { document, channel: BroadcastChannel } = this.#platform;
    this.#leaving = new AbortController();
    try {
      this.#channel = BroadcastChannel && new BroadcastChannel(this.#name);
    } catch {
      this.#fail();
      return;
    }
    if (this.#channel !== undefined) {
      this.#channel.onmessage = ({ data }) => {
        if (isMessage(data)) {
          this.#onMessage(data);
        }
      };
    }
    // Nothing runs in a frozen page, so it must not hold the stream, nor wait for the lock.
    document?.addEventListener("freeze", () => this.#leave(), this.#leaving);
    document?.defaultView?.addEventListener("pagehide", () => this.#leave(), this.#leaving);
    this.#leader = new StreamLeader({
      platform: this.#platform,
      name: this.#name,
      lead: () => this.#lead(),
      follow: () => this.#follow(),
      silent: () => this.#lose(),
      ask: () => this.#post({}),
      speak: () => this.#speak(),
      giveUp: () => this.#fail(),
    });
  }

  /** Reports, but not at once, that sharing does not work here. */
  #fail(): void {
    void Promise.resolve().then(() => {
      if (this.readyState !== CLOSED) {
        this.#giveUp();
      }
    });
  }

  /** Gives everything back, without having failed. The timer runs if the page does not end here. */
  #leave(): void {
    this.#end(CONNECTING);
    this.#cancelTimer = this.#platform.timers.set(() => this.#begin(), BACK_AFTER_MS);
    this.#tell("error");
  }

  #lead(): void {
    const { EventSource, time } = this.#platform;
    this.#lose();
    this.#term = Math.max(this.#term + 1, time.wallMs());
    let stream: EventStream | undefined;
    try {
      stream = EventSource && new EventSource(this.#address);
    } catch {
      this.#fail();
      return;
    }
    this.#stream = stream;
    for (const type of TYPES) {
      stream?.addEventListener(type, ({ data, lastEventId }) => {
        if (this.#stream === stream) {
          this.#onEvent(type, data === undefined ? {} : { data, lastEventId: lastEventId ?? "" });
        }
      });
    }
    this.#speak();
  }

  /** Another tab has taken the lead. */
  #follow(): void {
    this.#closeStream();
    this.#lose();
  }

  /** Leads again if this tab still has the lock. The other has only heard late that it had it once. */
  #leadUnlessTold(): void {
    if (this.#leader?.isLeading !== true) {
      return;
    }
    this.#cancelTimer();
    this.#cancelTimer = this.#platform.timers.set(() => {
      if (this.#leader?.isLeading === true && this.#stream === undefined) {
        this.#lead();
      }
    }, TOLD_AFTER_MS);
  }

  #closeStream(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#last = undefined;
  }

  /** Passes an event of the stream on. The other tabs come first, because a listener may close the stream. */
  #onEvent(type: string, event: StreamEvent): void {
    this.readyState = this.#stream?.readyState ?? CONNECTING;
    if (type === "open") {
      this.#last = undefined;
    } else if (WITH_SESSION.includes(type)) {
      this.#last = event;
    }
    this.#post({ type, event });
    this.#tell(type, event);
  }

  #speak(): void {
    const state = {
      isOpen: this.readyState === OPEN,
      isAway: this.#leader?.isAway ?? false,
      last: this.#last,
    };
    this.#post({ state });
  }

  #post(message: Partial<TabMessage>): void {
    this.#channel?.postMessage({ address: this.#address, term: this.#term, ...message });
  }

  #onMessage({ address, term, state, type, event }: TabMessage): void {
    const isQuestion = state === undefined && type === undefined;
    if (term > this.#term && !isQuestion) {
      // The lock was taken from this tab, which may not know yet.
      this.#follow();
      this.#leadUnlessTold();
    }
    const isLater = term >= this.#term;
    this.#term = Math.max(this.#term, term);
    if (this.#stream !== undefined) {
      if (isQuestion) {
        this.#speak();
      }
    } else if (isLater && state !== undefined) {
      this.#leader?.heardWhere(state.isAway);
      this.#join(address === this.#address && state.isOpen, state.last);
    } else if (isLater && type !== undefined) {
      this.#leader?.heard();
      this.#onRelayed(address, type, event);
    }
  }

  /** Follows the leader's stream if it is open, and the one that this tab needs. */
  #join(isOpen: boolean, last: StreamEvent | undefined): void {
    if (!isOpen) {
      this.#lose();
    } else if (this.readyState === CONNECTING) {
      this.readyState = OPEN;
      this.#tell("open");
      if (last !== undefined) {
        this.#tell("session", last);
      }
    }
  }

  #onRelayed(address: string, type: string, event: StreamEvent | undefined): void {
    if (address !== this.#address) {
      return;
    }
    if (type === "error") {
      this.#lose();
    } else if (type === "open") {
      this.readyState = OPEN;
    }
    // Before that, events are not missed: the leader's state includes the last.
    if (this.readyState === OPEN) {
      this.#tell(type, event);
    }
  }

  /** The events no longer arrive. */
  #lose(): void {
    if (this.readyState === OPEN) {
      this.readyState = CONNECTING;
      this.#tell("error");
    }
  }

  #tell(type: string, event: StreamEvent = {}): void {
    for (const [of, listener] of this.#listeners) {
      if (of === type) {
        listener(event);
      }
    }
  }
}

function nothing(): void {
  // No timer is set.
}
