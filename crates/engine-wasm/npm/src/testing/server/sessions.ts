/** The sessions of a virtual server, in memory. */
import type { SessionRecord } from "../../http/schemas.js";
import type { Rng } from "../virtual/random.js";
import type { ServerClock } from "../virtual/server-clock.js";
import { refusal } from "./answers.js";
import { type Action, type ChangeJson, changeRequest } from "./change-request.js";
import { changed, stopOf } from "./changes.js";
import { entityTag } from "./entity-tag.js";
import { type NewSessionJson, newRecord } from "./new-session.js";

/** A session's event: its type, its data as JSON, and the id of the session. */
export type SessionListener = (type: string, data: string, id: string) => void;

/** Creates, keeps and changes sessions as a server does, and tells of their changes. */
export class VirtualSessions {
  readonly records = new Map<string, SessionRecord>();
  readonly #listeners: SessionListener[] = [];
  readonly #clock: ServerClock;
  readonly #rng: Rng;

  constructor(clock: ServerClock, rng: Rng) {
    this.#clock = clock;
    this.#rng = rng;
  }

  /** Calls a function with every event of every session. */
  listen(listener: SessionListener): void {
    this.#listeners.push(listener);
  }

  create(json: NewSessionJson): SessionRecord {
    const record = newRecord(json, this.#now, this.#rng);
    this.records.set(record.id, record);
    return record;
  }

  /** Returns a session as it now is. */
  find(id: string): SessionRecord {
    const record = this.records.get(id);
    if (record === undefined || Date.parse(record.expires_at ?? "9999") <= this.#now) {
      throw refusal("session_not_found", 404, `there is no session ${id}`);
    }
    return { ...record, status: statusAt(record, this.#now) };
  }

  /** Changes a session, and tells of that. The condition is an entity tag, or empty. */
  change(id: string, action: Action, body: ChangeJson = {}, condition = ""): SessionRecord {
    const known = this.find(id);
    const request = changeRequest(action, body);
    if (condition !== "" && condition !== tagOf(known)) {
      throw refusal("changed_meanwhile", 412, `the session is not ${condition}`);
    }
    this.records.set(id, changed(known, action, request, this.#now));
    const record = this.find(id);
    this.emit(action === "stop" ? "stopped" : "changed", JSON.stringify(record), id);
    return record;
  }

  /** Deletes a session, as if it had expired. */
  expire(id: string): void {
    this.find(id);
    this.records.delete(id);
    this.emit("expired", JSON.stringify({ id }), id);
  }

  /** Tells of an event. */
  emit(type: string, data: string, id: string): void {
    for (const listener of this.#listeners) {
      listener(type, data, id);
    }
  }

  /** A server stamps whole milliseconds. */
  get #now(): number {
    return Math.floor(this.#clock.stampMs);
  }
}

/** Returns the entity tag of a session. */
export function tagOf(record: SessionRecord): string {
  return entityTag(JSON.stringify(record));
}

function statusAt(record: SessionRecord, now: number): SessionRecord["status"] {
  if (stopOf(record) <= now) {
    return "stopped";
  }
  const last = record.schedule.filter(({ at }) => Date.parse(at) <= now).at(-1);
  return last !== undefined && "paused" in last ? "paused" : "running";
}
