/** A virtual server that can create and change sessions, as far as the programs in the texts need it. */
import type { Problem, ScheduleChangeRecord, SessionRecord } from "../../src/http/schemas.js";
import type { VirtualServer } from "../world/http-server.js";
import { errorResponse, json, NOON, RECORD } from "../world/http-world.js";

/** Makes a server create and change sessions, and have every session that is asked for. */
export function makeChangeable(server: VirtualServer): void {
  server.interpose = (path, init) => {
    const [, id, action] = /\/v1\/sessions(?:\/([^/]+)(?:\/(\w+))?)?$/.exec(path) ?? [];
    const body = JSON.parse(String(init.body ?? "{}"));
    if (path.endsWith("/v1/sessions")) {
      return create(server, body);
    }
    if (id !== undefined && !server.records.has(id)) {
      server.store({ id });
    }
    return id === undefined || action === undefined ? undefined : change(server, id, action, body);
  };
}

function create(server: VirtualServer, body: Partial<SessionRecord>): Response {
  if (body.tick_ms === 0) {
    const errors: Problem["errors"] = [
      { field: "tick_ms", message: "tick_ms must be from 1 to 86400000, got 0" },
    ];
    return errorResponse("invalid_fields", 400, { errors });
  }
  const record = { ...RECORD, ...body, id: "sess_new", start_at: new Date(server.now + 3_000).toISOString() };
  server.store(record);
  return json(record, { status: 201 });
}

/** What a request changes. */
interface ChangeBody {
  readonly at?: string;
  readonly from?: string;
  readonly tick_ms?: number;
}

function change(server: VirtualServer, id: string, action: string, body: ChangeBody): Response {
  const record = server.records.get(id) ?? RECORD;
  const at = body.at ?? new Date(Math.max(server.now, NOON + 3_001) + record.notice_ms).toISOString();
  const schedule = scheduleAfter(record, action, { ...body, at });
  const stopped = action === "stop" ? { stopped_at: at } : {};
  const changed = { ...record, schedule, ...stopped, revision: record.revision + 1 };
  server.records.set(id, changed);
  return json(action === "stop" ? { id, status: "running", stopped_at: at } : changed);
}

function scheduleAfter(
  { schedule, tick_ms }: SessionRecord,
  action: string,
  body: ChangeBody & { readonly at: string },
): readonly ScheduleChangeRecord[] {
  const { at } = body;
  switch (action) {
    case "pause":
      return [...schedule, { at, paused: true }];
    case "resume":
    case "rate":
      return [...schedule, { at, tick_ms: body.tick_ms ?? tick_ms }];
    case "withdraw":
      return schedule.filter((change) => change.at < (body.from ?? at));
    default:
      return schedule;
  }
}
