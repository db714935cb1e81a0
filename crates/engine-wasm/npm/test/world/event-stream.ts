/** A stream of server-sent events that behaves as in browsers: it reconnects if it breaks, but not if it is rejected. */
import type { SessionRecord } from "../../src/http/schemas.js";
import type { EventStream, StreamEvent } from "../../src/platform.js";
import type { Agenda } from "../../virtual/agenda.js";
import { entityTag } from "./entity-tag.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
/** The pause before it reconnects, in milliseconds. */
const COMES_BACK_MS = 3_000;

type Listener = (event: StreamEvent) => void;

/** What happens to requests: they get a response, fail on the machine's own network, or time out. */
export type Reach = "answers" | "unreachable" | "silent";

/** The part of a server that a stream needs. */
export interface StreamHost {
  readonly thereMs: number;
  readonly backMs: number;
  readonly reach: Reach;
  readonly streamStatus: number;
  readonly records: ReadonlyMap<string, SessionRecord>;
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

  /** Delivers an event. One without an id keeps the last. */
  arrive(type: string, data: string, id = this.#lastEventId): void {
    if (this.readyState === OPEN) {
      this.#lastEventId = id;
      this.#tell(type, { data, lastEventId: id });
    }
  }

  /** Breaks the connection. */
  breakOff(): void {
    this.readyState = CONNECTING;
    this.#cancel = this.#agenda.in(COMES_BACK_MS, () => this.#ask());
    this.#tell("error", {});
  }

  #ask(): void {
    const { thereMs, backMs } = this.#server;
    this.#cancel = this.#agenda.in(thereMs + backMs, () => this.#server.deliver(() => this.#answered()));
  }

  #answered(): void {
    if (this.readyState === CLOSED) {
      return;
    }
    const { reach, streamStatus, records } = this.#server;
    if (reach === "unreachable") {
      this.breakOff();
    } else if (reach === "answers" && streamStatus !== 200) {
      this.close();
      this.#tell("error", {});
    } else if (reach === "answers") {
      this.readyState = OPEN;
      this.#tell("open", {});
      const session = JSON.stringify(records.get(this.address.split("/").at(-2) ?? ""));
      this.arrive("session", session, session && entityTag(session));
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
