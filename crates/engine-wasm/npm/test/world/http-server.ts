/** The server of the package's own tests, which put sessions and events into it as they like. */
import type { Problem, ScheduleChangeRecord, SessionRecord } from "../../src/http/schemas.js";
import { json } from "../../src/testing/server/answers.js";
import { entityTag } from "../../src/testing/server/entity-tag.js";
import { type ReceivedRequest, VirtualNetwork } from "../../src/testing/server/virtual-network.js";
import { VirtualServer as Host } from "../../src/testing/server/virtual-server.js";
import type { Agenda } from "../../src/testing/virtual/agenda.js";

export type { ReceivedRequest } from "../../src/testing/server/virtual-network.js";
export { json };

/** When the world begins: 2026-11-23T12:00:00Z. */
export const NOON = Date.UTC(2026, 10, 23, 12);

export const ADDRESS = "https://ticks.example";

/** A server and the network in front of it. */
export class VirtualServer extends VirtualNetwork {
  constructor(agenda: Agenda) {
    super(agenda, new Host(agenda, NOON, "test"));
  }

  /** The sessions, which tests replace without any event. */
  get records(): Map<string, SessionRecord> {
    return this.host.sessions.records;
  }

  /** How far the server's clock is ahead of true time, in milliseconds. */
  get aheadMs(): number {
    return this.host.aheadMs;
  }

  set aheadMs(ms: number) {
    this.host.aheadMs = ms;
  }

  /** The server's time, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.host.now;
  }

  /** The name that the server gives with its time. */
  get name(): string {
    return this.host.name;
  }

  set name(name: string) {
    this.host.name = name;
  }

  /** Whether responses for sessions with a notice promise that nothing changes within it. */
  get promises(): boolean {
    return this.host.promises;
  }

  set promises(promises: boolean) {
    this.host.promises = promises;
  }

  /** The number of requests for the time. */
  get timeRequests(): number {
    return this.requestsTo("/v1/time").length;
  }

  /** Returns the requests whose path begins with `path`. */
  requestsTo(path: string): readonly ReceivedRequest[] {
    return this.received.filter(({ what }) => what.startsWith(`GET ${path}`));
  }

  /** Promises nothing on streams: the tests send these events themselves. */
  override promised(): undefined {
    return undefined;
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
    this.host.sessions.emit(type, data, id);
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

/** Returns an error response of the server. */
export function errorResponse(code: string, status: number, more: Partial<Problem> = {}): Response {
  const problem = { type: "about:blank", title: code, status, code, detail: `error: ${code}`, ...more };
  return json(problem, { status });
}
