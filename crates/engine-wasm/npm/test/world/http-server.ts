/** A server that responds from memory, over a network with delays. */
import type { Problem, ScheduleChangeRecord, SessionRecord } from "../../src/http/schemas.js";
import type { Agenda } from "../../virtual/agenda.js";
import { ServerClock } from "../../virtual/server-clock.js";
import { entityTag } from "./entity-tag.js";
import { type Reach, VirtualStream } from "./event-stream.js";

/** When the world begins: 2026-11-23T12:00:00Z. */
export const NOON = Date.UTC(2026, 10, 23, 12);

/** A request as the server receives it. */
export interface ReceivedRequest {
  /** Method, path and query. */
  readonly what: string;
  /** When it left, in milliseconds since the world began. */
  readonly atMs: number;
  readonly init: RequestInit;
}

export const ADDRESS = "https://ticks.example";

/** A server and the network in front of it. */
export class VirtualServer extends ServerClock {
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
  /** Whether responses for sessions with a notice promise that nothing changes within it. */
  promises = true;
  readonly records = new Map<string, SessionRecord>();
  readonly received: ReceivedRequest[] = [];
  /** The streams that have not ended. */
  readonly streams = new Set<VirtualStream>();
  readonly #agenda: Agenda;
  #unanswered = 0;

  constructor(agenda: Agenda) {
    super(agenda, NOON, "one");
    this.#agenda = agenda;
  }

  /** The number of requests without a response so far. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** The number of requests for the time. */
  get timeRequests(): number {
    return this.requestsTo("/v1/time").length;
  }

  /** Returns the requests whose path begins with `path`. */
  requestsTo(path: string): readonly ReceivedRequest[] {
    return this.received.filter(({ what }) => what.startsWith(`GET ${path}`));
  }

  /** Stores a session and returns its address. */
  store(changes: Partial<SessionRecord> = {}): string {
    const record = { ...RECORD, ...changes };
    this.records.set(record.id, record);
    return `${ADDRESS}/v1/sessions/${record.id}`;
  }

  /** Sets or replaces the stop of a session, and sends an event. */
  stop(atMs: number, id = RECORD.id): void {
    const record = this.records.get(id) ?? RECORD;
    const stopped = { ...record, stopped_at: new Date(atMs).toISOString(), revision: record.revision + 1 };
    this.records.set(id, stopped);
    this.emit("stopped", JSON.stringify(stopped), id);
  }

  /** Replaces the schedule of a session, and sends an event. */
  change(changes: readonly (readonly [at: number, tickMs: number])[], id = RECORD.id): void {
    const record = this.records.get(id) ?? RECORD;
    const schedule = changes.map(scheduleChange);
    const requires = schedule.length > 0 ? ["schedule"] : [];
    const changed = { ...record, schedule, requires, revision: record.revision + 1 };
    this.records.set(id, changed);
    this.emit("changed", JSON.stringify(changed), id);
  }

  /** Promises on the streams of a session that nothing takes effect before an instant. */
  settle(untilMs: number, id = RECORD.id): void {
    const etag = entityTag(JSON.stringify(this.records.get(id)));
    this.emit("settled", JSON.stringify({ settled_until: new Date(untilMs).toISOString(), etag }), id);
  }

  /** Sends an event to the streams of a session. */
  emit(type: string, data: string, id = RECORD.id): void {
    const eventId = type === "settled" || type === "expired" ? undefined : entityTag(data);
    for (const stream of this.streams) {
      if (stream.address.endsWith(`/${id}/events`)) {
        this.#agenda.in(this.backMs, () => this.deliver(() => stream.arrive(type, data, eventId)));
      }
    }
  }

  /** Replaces `fetch`. */
  readonly fetch: typeof fetch = (input, init = {}) => {
    const { pathname, search } = new URL(String(input));
    this.received.push({
      what: `${init.method ?? "GET"} ${pathname}${search}`,
      atMs: this.#agenda.now,
      init,
    });
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
          const response = this.interpose(pathname, init) ?? this.#answer(pathname);
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

  /** Replaces `EventSource`. */
  get EventSource(): new (
    address: string,
  ) => VirtualStream {
    const [agenda, server] = [this.#agenda, this];
    return class extends VirtualStream {
      constructor(address: string) {
        super(agenda, server, address);
      }
    };
  }

  #answer(path: string): Response {
    if (path.endsWith("/v1/time")) {
      const us = Math.round(this.stampMs * 1_000);
      return json({ now_ms: Math.floor(us / 1_000), received_us: us, sent_us: us, server: this.name });
    }
    const record = this.records.get(path.split("/").at(-1) ?? "");
    return record === undefined ? errorResponse("session_not_found", 404) : this.#session(record);
  }

  #session(record: SessionRecord): Response {
    const headers = new Headers({ etag: entityTag(JSON.stringify(record)) });
    if (this.promises && (record.notice_ms ?? 0) > 0) {
      const until = Math.floor(this.stampMs) + (record.notice_ms ?? 0);
      headers.set("tickseed-settled-until", new Date(until).toISOString());
    }
    return json(record, { headers });
  }
}

/** A session that starts three seconds after noon and ticks ten times a second. */
export const RECORD: SessionRecord = {
  id: "sess_0c6a3a0e-0f5c-4b9e-a8a4-2f9f2a3f9a10",
  seed: "550e8400-e29b-41d4-a716-446655440000",
  start_at: new Date(NOON + 3_000).toISOString(),
  tick_ms: 100,
  rules: { break_interval: { min: 100, max: 300 }, rounds_per_epoch: 64 },
  engine_version: 1,
  status: "running",
  created_at: new Date(NOON).toISOString(),
  revision: 1,
  notice_ms: 0,
  schedule: [],
  requires: [],
};

/** Returns a change of a schedule as JSON has it. A `tickMs` of 0 pauses the session. */
export function scheduleChange([at, tickMs]: readonly [at: number, tickMs: number]): ScheduleChangeRecord {
  const instant = new Date(at).toISOString();
  return tickMs === 0 ? { at: instant, paused: true } : { at: instant, tick_ms: tickMs };
}

/** Returns a JSON response. */
export function json(content: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(content), { status: 200, ...init });
}

/** Returns an error response of the server. */
export function errorResponse(code: string, status: number, more: Partial<Problem> = {}): Response {
  const problem = { type: "about:blank", title: code, status, code, detail: `error: ${code}`, ...more };
  return json(problem, { status });
}
