/** The network between a machine and a server, with delays and failures. */
import type { SessionRecord } from "../../http/schemas.js";
import type { EventStream } from "../../platform.js";
import type { Agenda } from "../virtual/agenda.js";
import { type Reach, VirtualStream } from "./event-stream.js";
import type { Promised, VirtualServer } from "./virtual-server.js";

/** A request as it left the machine. */
export interface ReceivedRequest {
  /** Method, path and query. */
  readonly what: string;
  /** When it left, in milliseconds since the world began. */
  readonly atMs: number;
  readonly init: RequestInit;
}

const EVENTS = /\/([^/]+)\/events$/;

/** The network of one machine. */
export class VirtualNetwork {
  /** The delays of requests and of responses. */
  thereMs = 10;
  backMs = 10;
  reach: Reach = "answers";
  /** Delivers what arrives at the machine. */
  deliver: (run: () => void) => void = (run) => run();
  /** Responds instead of the server, unless it returns `undefined`. */
  interpose: (path: string, init: RequestInit) => Response | undefined = () => undefined;
  /** The status of responses to requests for a stream. */
  streamStatus = 200;
  readonly received: ReceivedRequest[] = [];
  /** The streams that have not ended. */
  readonly streams = new Set<VirtualStream>();
  /** Replaces `EventSource`. */
  readonly EventSource: new (
    address: string,
  ) => EventStream;
  readonly host: VirtualServer;
  readonly #agenda: Agenda;
  #unanswered = 0;

  constructor(agenda: Agenda, host: VirtualServer) {
    this.host = host;
    this.#agenda = agenda;
    this.EventSource = streamsOf(agenda, this);
    host.sessions.listen((type, data, id) => this.#emit(type, data, id));
  }

  /** The number of requests without a response so far. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Breaks all streams. Browsers then reconnect. */
  breakOff(): void {
    for (const stream of [...this.streams]) {
      stream.breakOff();
    }
  }

  /** Returns the session of a stream's address, or `undefined` if it does not exist. */
  sessionOf(address: string): SessionRecord | undefined {
    const [, id = ""] = EVENTS.exec(new URL(address).pathname) ?? [];
    try {
      return this.host.sessions.find(id);
    } catch {
      return undefined;
    }
  }

  /** Returns what the server promised about a session when it sent what now arrives. */
  promised(record: SessionRecord): Promised | undefined {
    return this.host.promised(record, this.backMs);
  }

  /** Replaces `fetch`. */
  readonly fetch: typeof fetch = (input, init = {}) => {
    const { pathname, search } = new URL(String(input));
    const what = `${init.method ?? "GET"} ${pathname}${search}`;
    this.received.push({ what, atMs: this.#agenda.now, init });
    return new Promise((resolve, reject) => {
      const { signal } = init;
      this.#unanswered += 1;
      let isSettled = false;
      const settle = (): void => {
        // A request may be aborted while its response waits for the machine to wake up.
        this.#unanswered -= isSettled ? 0 : 1;
        isSettled = true;
        cancel();
        signal?.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        settle();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort);
      let cancel = this.#agenda.in(this.thereMs, () => {
        if (this.reach === "unreachable") {
          this.deliver(() => {
            settle();
            reject(new TypeError("fetch failed"));
          });
        } else if (this.reach === "answers") {
          const response = this.interpose(pathname, init) ?? this.host.answer(pathname, init);
          cancel = this.#agenda.in(this.backMs, () =>
            this.deliver(() => {
              settle();
              resolve(response);
            }),
          );
        }
      });
    });
  };

  /** Sends an event to the streams of a session. It is lost if the network is down. */
  #emit(type: string, data: string, id: string): void {
    if (this.reach !== "answers") {
      return;
    }
    for (const stream of this.streams) {
      if (stream.address.endsWith(`/${id}/events`)) {
        this.#agenda.in(this.backMs, () => this.deliver(() => stream.arrive(type, data)));
      }
    }
  }
}

/** Returns the class of the streams over a network. A page has one, and by that it counts its streams. */
function streamsOf(agenda: Agenda, network: VirtualNetwork): VirtualNetwork["EventSource"] {
  return class extends VirtualStream {
    constructor(address: string) {
      super(agenda, network, address);
    }
  };
}
