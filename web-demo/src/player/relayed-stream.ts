/**
 * A player's event stream. The page holds one stream for all players, because a browser has few connections; its events pass
 * through the player's own network.
 */
import type { EventStream, StreamEvent } from "tickseed";

import type { Device } from "./device.js";
import type { Relayed } from "./messages.js";
import type { Network } from "./network.js";

type Listener = (event: StreamEvent) => void;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/** How long a stream that was cut waits before it connects again, in milliseconds, as an `EventSource` does. */
const RECONNECT_MS = 500;

/** The streams of a player. */
export class RelayedStreams {
  readonly #device: Device;
  readonly #network: Network;
  readonly #tell: (stream: number, isOpen: boolean) => void;
  readonly #open = new Map<number, RelayedStream>();
  #count = 0;

  /** @param tell Tells the page that a stream is wanted, or no longer. */
  constructor(device: Device, network: Network, tell: (stream: number, isOpen: boolean) => void) {
    this.#device = device;
    this.#network = network;
    this.#tell = tell;
    network.onPlug((isPlugged) => {
      for (const stream of [...this.#open.values()]) {
        stream.plug(isPlugged);
      }
    });
  }

  /** Returns the class that takes the place of `EventSource`. */
  get EventSource(): new (
    address: string,
  ) => EventStream {
    const join = (stream: RelayedStream): RelayedStreamParts => this.#join(stream);
    return class extends RelayedStream {
      constructor() {
        super(join);
      }
    };
  }

  /** Whether a stream is open that has brought something. A proxy can open one and hold back all that it brings. */
  get areAlive(): boolean {
    return [...this.#open.values()].some(({ isAlive }) => isAlive);
  }

  /** Takes an event from the page's stream. */
  receive(stream: number, relayed: Relayed): void {
    this.#open.get(stream)?.receive(relayed);
  }

  #join(stream: RelayedStream): RelayedStreamParts {
    this.#count += 1;
    const id = this.#count;
    this.#open.set(id, stream);
    return {
      device: this.#device,
      network: this.#network,
      want: (isWanted) => this.#tell(id, isWanted),
      end: () => this.#open.delete(id),
    };
  }
}

interface RelayedStreamParts {
  readonly device: Device;
  readonly network: Network;
  want(isWanted: boolean): void;
  end(): void;
}

/** One stream. It behaves as an `EventSource` does. */
class RelayedStream implements EventStream {
  readyState = CONNECTING;
  /** Whether the present connection has brought an event. The first one follows at once. */
  isAlive = false;
  readonly #parts: RelayedStreamParts;
  readonly #listeners: [type: string, listener: Listener][] = [];
  /** Everything under way belongs to a connection. What belongs to an earlier one is lost. */
  #connection = 0;
  /** When the last event arrives: no event overtakes another. */
  #lastArrivalMs = 0;

  constructor(join: (stream: RelayedStream) => RelayedStreamParts) {
    this.#parts = join(this);
    this.#connect();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  close(): void {
    if (this.readyState !== CLOSED) {
      this.readyState = CLOSED;
      this.#parts.want(false);
      this.#parts.end();
    }
  }

  plug(isPlugged: boolean): void {
    if (isPlugged) {
      this.#later(RECONNECT_MS, () => this.#connect());
    } else if (this.readyState !== CLOSED) {
      this.#connection += 1;
      this.#parts.want(false);
      this.#lose(CONNECTING);
    }
  }

  receive(relayed: Relayed): void {
    const delayMs = this.#parts.network.delay("down");
    if (delayMs === undefined) {
      this.plug(false);
      this.#later(RECONNECT_MS, () => this.#connect());
      return;
    }
    const nowMs = performance.now();
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs + delayMs);
    this.#later(this.#lastArrivalMs - nowMs, () => this.#arrive(relayed));
  }

  #connect(): void {
    if (this.#parts.network.isPlugged && this.readyState === CONNECTING) {
      this.#later(this.#parts.network.delay("up") ?? RECONNECT_MS, () => this.#parts.want(true));
    }
  }

  #arrive(relayed: Relayed): void {
    if ("isClosed" in relayed) {
      this.#lose(relayed.isClosed ? CLOSED : CONNECTING);
    } else if ("event" in relayed) {
      this.#parts.network.countEvent(eventBytes(relayed.type, relayed.event));
      this.isAlive = true;
      this.#tell(relayed.type, relayed.event);
    } else {
      this.readyState = OPEN;
      this.isAlive = false;
      this.#tell("open");
    }
  }

  #lose(readyState: number): void {
    this.readyState = readyState;
    this.isAlive = false;
    if (readyState === CLOSED) {
      this.#parts.end();
    }
    this.#tell("error");
  }

  /** Runs something after a while, if the connection still exists and the device is awake. */
  #later(ms: number, run: () => void): void {
    const connection = this.#connection;
    setTimeout(() => {
      this.#parts.device.whenAwake(() => {
        if (connection === this.#connection && this.readyState !== CLOSED) {
          run();
        }
      });
    }, ms);
  }

  #tell(type: string, event: StreamEvent = {}): void {
    for (const [of, listener] of this.#listeners) {
      if (of === type) {
        listener(event);
      }
    }
  }
}

function eventBytes(type: string, { data = "", lastEventId = "" }: StreamEvent): number {
  return `event: ${type}\nid: ${lastEventId}\ndata: ${data}\n\n`.length;
}
