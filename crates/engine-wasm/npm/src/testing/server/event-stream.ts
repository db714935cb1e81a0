/** A stream of server-sent events that behaves as in browsers: it reconnects if it breaks, but not if it is rejected. */
import type { SessionRecord } from "../../http/schemas.js";
import type { EventStream, StreamEvent } from "../../platform.js";
import type { Agenda } from "../virtual/agenda.js";
import { entityTag } from "./entity-tag.js";
import type { Promised } from "./virtual-server.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
/** The pause before it reconnects, in milliseconds. */
const COMES_BACK_MS = 3_000;
/** The shortest time between two promises, in milliseconds. */
const SHORTEST_RENEWAL_MS = 1_000;

type Listener = (event: StreamEvent) => void;

/** What happens to requests: they get a response, fail on the machine's own network, or time out. */
export type Reach = "answers" | "unreachable" | "silent";

/** The part of a server that a stream needs. */
export interface StreamHost {
  readonly thereMs: number;
  readonly backMs: number;
  readonly reach: Reach;
  readonly streamStatus: number;
  /** Returns the session of a stream's address, or `undefined` if it does not exist. */
  readonly sessionOf: (address: string) => SessionRecord | undefined;
  /** Returns what the server promises about a session, if it does. */
  readonly promised: (record: SessionRecord) => Promised | undefined;
  readonly streams: Set<VirtualStream>;
  /** Runs something once the machine is awake. */
  readonly deliver: (run: () => void) => void;
}

/** A stream of a virtual server. */
export class VirtualStream implements EventStream {
  readonly address: string;
  readyState = CONNECTING;
  readonly #agenda: Agenda;
  readonly #server: StreamHost;
  readonly #listeners: [string, Listener][] = [];
  #lastEventId = "";
  #cancel: () => void = () => undefined;

  constructor(agenda: Agenda, server: StreamHost, address: string) {
    this.address = address;
    this.#agenda = agenda;
    this.#server = server;
    server.streams.add(this);
    this.#ask();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  close(): void {
    this.#cancel();
    this.readyState = CLOSED;
    this.#server.streams.delete(this);
  }

  /** Delivers an event. */
  arrive(type: string, data: string): void {
    if (this.readyState !== OPEN) {
      return;
    }
    if (type !== "settled" && type !== "expired" && type !== "deleted") {
      // The id of an event with a session is the entity tag of that session.
      this.#lastEventId = entityTag(data);
    }
    this.#tell(type, { data, lastEventId: this.#lastEventId });
  }

  /** Breaks the connection. */
  breakOff(): void {
    this.#cancel();
    this.readyState = CONNECTING;
    this.#cancel = this.#agenda.in(COMES_BACK_MS, () => this.#ask());
    this.#tell("error", {});
  }

  #ask(): void {
    const { thereMs, backMs } = this.#server;
    this.#cancel = this.#agenda.in(thereMs + backMs, () => this.#server.deliver(() => this.#answered()));
  }

  #answered(): void {
    // After a sleep, the answer to an earlier attempt may come as well.
    if (this.readyState !== CONNECTING) {
      return;
    }
    const { reach, streamStatus } = this.#server;
    const record = this.#server.sessionOf(this.address);
    if (reach === "unreachable") {
      this.breakOff();
    } else if (reach === "answers" && (streamStatus !== 200 || record === undefined)) {
      this.close();
      this.#tell("error", {});
    } else if (reach === "answers" && record !== undefined) {
      this.readyState = OPEN;
      this.#tell("open", {});
      this.#begin(record);
    }
  }

  /** Sends the session, unless the stream was only interrupted and there is nothing new. */
  #begin(record: SessionRecord): void {
    const session = JSON.stringify(record);
    if (entityTag(session) !== this.#lastEventId) {
      this.arrive("session", session);
    }
    this.#promise();
  }

  /** Sends what the server promises, again and again. */
  #promise(): void {
    if (this.readyState !== OPEN) {
      return;
    }
    const record = this.#server.sessionOf(this.address);
    const promised = record && this.#server.promised(record);
    if (record !== undefined && promised !== undefined) {
      const everyMs = Math.max(SHORTEST_RENEWAL_MS, record.notice_ms / 3);
      this.#cancel = this.#agenda.in(everyMs, () => this.#server.deliver(() => this.#promise()));
      if (this.#server.reach === "answers") {
        this.arrive("settled", JSON.stringify(promised));
      }
    }
  }

  #tell(type: string, event: StreamEvent): void {
    for (const [of, listener] of this.#listeners) {
      if (of === type) {
        listener(event);
      }
    }
  }
}
