/** The record that a server makes of the JSON of a new session. */
import { EngineError } from "../../engine/error.js";
import { Timeline } from "../../engine/timeline.js";
import { ENGINE_VERSION } from "../../engine/version.js";
import type { SessionRecord } from "../../http/schemas.js";
import type { Rng } from "../virtual/random.js";
import { invalid } from "./answers.js";

/** The JSON of a request for a new session. */
export type NewSessionJson = Readonly<Record<string, unknown>>;

const START_DELAY_MS = 3_000;
const LONGEST_NOTICE_MS = 86_400_000;
const LONGEST_TTL_SECONDS = 2 ** 32 - 1;
/** What a server takes. */
const FIELDS = [
  "metadata",
  "notice_ms",
  "rules",
  "schedule",
  "seed",
  "start_at",
  "tick_ms",
  "ttl_seconds",
] as const;

/**
 * Returns the record of a new session.
 *
 * @throws {@link ServerError} `invalid_fields`, as a server refuses them.
 */
export function newRecord(json: NewSessionJson, now: number, rng: Rng): SessionRecord {
  // The server takes `null` for a field that is left out.
  const given = Object.fromEntries(Object.entries(json).filter(([, value]) => value != null));
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field as (typeof FIELDS)[number]));
  if (unknown !== undefined) {
    throw invalid(unknown, `unknown field ${unknown}`);
  }
  const fields = given as Partial<SessionRecord> & { readonly ttl_seconds?: number };
  const startAt = fields.start_at ?? new Date(now + START_DELAY_MS).toISOString();
  const schedule = fields.schedule ?? [];
  const record: SessionRecord = {
    id: `sess_${uuid(rng)}`,
    seed: fields.seed ?? uuid(rng),
    start_at: startAt,
    tick_ms: fields.tick_ms as number,
    rules: {
      break_interval: fields.rules?.break_interval ?? { min: 100, max: 300 },
      rounds_per_epoch: fields.rules?.rounds_per_epoch ?? 64,
    },
    schedule,
    requires: schedule.length > 0 ? ["schedule"] : [],
    notice_ms: whole("notice_ms", fields.notice_ms ?? 0, LONGEST_NOTICE_MS),
    engine_version: ENGINE_VERSION,
    status: "running",
    created_at: new Date(now).toISOString(),
    revision: 1,
    ...(fields.metadata === undefined ? {} : { metadata: fields.metadata }),
  };
  checkRecord(record);
  const seconds = whole("ttl_seconds", fields.ttl_seconds ?? 0, LONGEST_TTL_SECONDS);
  const from = Math.max(now, Date.parse(startAt));
  return seconds === 0 ? record : { ...record, expires_at: new Date(from + seconds * 1_000).toISOString() };
}

/** The engine knows the ranges of everything that decides the state. */
function checkRecord(record: SessionRecord): void {
  try {
    new Timeline(record).free();
  } catch (error) {
    throw error instanceof EngineError ? invalid(pathOf(error.field), error.message) : error;
  }
}

/** Returns the path of a field in the server's JSON. */
function pathOf(field: string): string {
  return /^(break_interval|rounds_per_epoch)/.test(field) ? `rules.${field}` : field;
}

function whole(field: string, value: unknown, highest: number): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > highest) {
    throw invalid(field, `${field} must be from 0 to ${highest}, got ${value}`);
  }
  return value as number;
}

/** Returns a UUID, version 4. */
function uuid(rng: Rng): string {
  const hex = Array.from({ length: 4 }, () => rng.word().toString(16).padStart(8, "0")).join("");
  const variant = "89ab"[rng.word() % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
