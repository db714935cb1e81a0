/** The fields of a new session, and the record that a server makes of them. */
import { EngineError } from "../../engine/error.js";
import { moment } from "../../engine/instant.js";
import type { Instant } from "../../engine/session.js";
import { Timeline } from "../../engine/timeline.js";
import { ENGINE_VERSION } from "../../engine/version.js";
import type { SessionRecord } from "../../http/schemas.js";
import type { Rng } from "../virtual/random.js";
import { invalid } from "./answers.js";

/** The fields of a session in a virtual world. All but `tickMs` have the defaults of a server. */
export interface VirtualSession {
  /** The length of a tick, in milliseconds: 1 to 86 400 000. */
  readonly tickMs: number;
  /** The string that determines every break and every draw: 1 to 128 bytes of UTF-8. By default, the world's seed decides it. */
  readonly seed?: string | undefined;
  /** When step 0 begins. By default three seconds from now. */
  readonly startAt?: Instant | undefined;
  /** The rules of its rounds. */
  readonly rules?:
    | {
        /** The number of ticks that a round counts before it breaks. Default: 100 to 300. */
        readonly breakInterval?: { readonly min: number; readonly max: number } | undefined;
        /** The number of rounds in an epoch: an even number from 2 to 256. Default: 64. */
        readonly roundsPerEpoch?: number | undefined;
      }
    | undefined;
  /** How far ahead changes and stops are dated, in milliseconds: 0 (the default) to 86 400 000. */
  readonly noticeMs?: number | undefined;
  /** For how many seconds the session exists after it is created or starts, whichever is later. 0 (the default) is forever. */
  readonly ttlSeconds?: number | undefined;
  /** The game's own data. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

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

/** Returns the fields as the server's JSON has them. */
export function newSessionJson(session: VirtualSession): NewSessionJson {
  const { startAt, rules } = session;
  return {
    tick_ms: session.tickMs,
    seed: session.seed,
    start_at: startAt === undefined ? undefined : new Date(moment("startAt", startAt)).toISOString(),
    rules: rules && { break_interval: rules.breakInterval, rounds_per_epoch: rules.roundsPerEpoch },
    notice_ms: session.noticeMs,
    ttl_seconds: session.ttlSeconds,
    metadata: session.metadata,
  };
}

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
