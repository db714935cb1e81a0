/** A server that keeps its sessions in memory, with the routes of a real one that clients use. */
import { ServerError } from "../../http/error.js";
import type { SessionRecord, Stop } from "../../http/schemas.js";
import type { Agenda } from "../virtual/agenda.js";
import { Rng } from "../virtual/random.js";
import { ServerClock } from "../virtual/server-clock.js";
import { errorAnswer, json, refusal } from "./answers.js";
import type { Action, ChangeJson } from "./change-request.js";
import { tagOf, VirtualSessions } from "./sessions.js";

/** What a stream says about a session with a notice. */
export interface Promised {
  readonly settled_until: string;
  readonly etag: string;
}

const SESSION = /\/v1\/sessions\/([^/]+)$/;
const CHANGE = /\/v1\/sessions\/([^/]+)\/(pause|resume|rate|withdraw|stop)$/;

/** A server. */
export class VirtualServer extends ServerClock {
  readonly sessions: VirtualSessions;
  /** Whether responses for sessions with a notice promise that nothing changes within it. */
  promises = true;

  /** @param epochMs True time at the beginning of the world, since the Unix epoch. */
  constructor(agenda: Agenda, epochMs: number, seed: string) {
    super(agenda, epochMs, "one");
    this.sessions = new VirtualSessions(this, new Rng(`${seed} sessions`));
  }

  /** Responds to a request. */
  answer(path: string, init: RequestInit): Response {
    try {
      return init.method === "POST" ? this.#post(path, init) : this.#get(path);
    } catch (error) {
      if (error instanceof ServerError) {
        return errorAnswer(error);
      }
      throw error;
    }
  }

  /** Returns what the server promises about a session, as of `agoMs` ago. */
  promised(record: SessionRecord, agoMs = 0): Promised | undefined {
    const { notice_ms } = record;
    if (!(this.promises && notice_ms > 0)) {
      return undefined;
    }
    const until = Math.floor(this.stampMs - agoMs) + notice_ms;
    return { settled_until: new Date(until).toISOString(), etag: tagOf(record) };
  }

  #get(path: string): Response {
    if (path.endsWith("/v1/time")) {
      const us = Math.round(this.stampMs * 1_000);
      return json({ now_ms: Math.floor(us / 1_000), received_us: us, sent_us: us, server: this.name });
    }
    const [, id] = SESSION.exec(path) ?? [];
    return id === undefined ? noRoute(path) : this.#session(this.sessions.find(id));
  }

  #post(path: string, init: RequestInit): Response {
    if (path.endsWith("/v1/sessions")) {
      return this.#session(this.sessions.create(bodyOf(init)), 201);
    }
    const [, id, action] = CHANGE.exec(path) ?? [];
    if (id === undefined) {
      return noRoute(path);
    }
    const condition = new Headers(init.headers).get("if-match") ?? "";
    const record = this.sessions.change(id, action as Action, bodyOf(init) as ChangeJson, condition);
    return action === "stop" ? json(stopFrom(record)) : this.#session(record);
  }

  #session(record: SessionRecord, status = 200): Response {
    const headers = new Headers({ etag: tagOf(record) });
    const promised = this.promised(record);
    if (promised !== undefined) {
      headers.set("tickseed-settled-until", promised.settled_until);
    }
    return json(record, { headers, status });
  }
}

function noRoute(path: string): Response {
  return errorAnswer(refusal("not_found", 404, `a virtual server does not have ${path}`));
}

/** Returns the JSON of a request. A request without a body has no fields. */
function bodyOf({ body }: RequestInit): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(String(body ?? "{}"));
    if (typeof fields === "object" && fields !== null && !Array.isArray(fields)) {
      return fields as Readonly<Record<string, unknown>>;
    }
  } catch {
    // Refused below, like other JSON that is not an object.
  }
  throw refusal("malformed_json", 400, "the body must be a JSON object");
}

function stopFrom({ id, status, stopped_at }: SessionRecord): Stop {
  return { id, status, stopped_at: stopped_at as string };
}
