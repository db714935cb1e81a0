/** The fields of a session that is to be created, and their JSON. */
import { EngineError } from "../engine/error.js";
import { integer, printable } from "../engine/input.js";
import type { BreakInterval, Instant } from "../engine/session.js";
import { checkNames, type OptionNames, timestamp } from "./options.js";
import type { CreateSessionBody } from "./schemas.js";

/**
 * The fields of a session that does not exist yet, for `createSession`. Only `tickMs` is required. The server answers with a
 * `SessionRecord`.
 */
export interface NewSession {
  /** The length of a tick, in milliseconds: 1 to 86 400 000. */
  readonly tickMs: number;
  /** The string that determines every break and every draw: 1 to 128 bytes of UTF-8. Default: a random UUID. */
  readonly seed?: string | undefined;
  /** When step 0 begins, by the server's clock. Default: three seconds from now. */
  readonly startAt?: Instant | undefined;
  /**
   * How far ahead later changes and stops are dated, in milliseconds: 0 to 86 400 000. It never changes. With 0, the default, they
   * take effect at once, and the server promises nothing.
   */
  readonly noticeMs?: number | undefined;
  /** The rules of its rounds. */
  readonly rules?: NewRules | undefined;
  /** The changes of its schedule that are known from the start, in order, each after `startAt`: at most 256. Default: none. */
  readonly schedule?: readonly NewChange[] | undefined;
  /** The program's own data: at most 16 KiB of JSON. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /**
   * For how many seconds the session exists after it is created or starts, whichever is later: 0, which is forever, to
   * 4 294 967 295. Default: the server's setting.
   */
  readonly ttlSeconds?: number | undefined;
}

/** The rules of a new session. Missing rules take their defaults. */
export interface NewRules {
  /** The number of ticks that a round counts before it breaks. Default: 100 to 300. */
  readonly breakInterval?: BreakInterval | undefined;
  /** The number of rounds in an epoch: an even number from 2 to 256. Default: 64. */
  readonly roundsPerEpoch?: number | undefined;
}

/** A change of a new session's schedule: from an instant on it is paused, or it runs with ticks of another length. */
export type NewChange =
  | { readonly at: Instant; readonly paused: true }
  | {
      readonly at: Instant;
      /** The length of a tick from then on, in milliseconds: 1 to 86 400 000. */
      readonly tickMs: number;
    };

const FIELDS: OptionNames<NewSession> = {
  tickMs: true,
  seed: true,
  startAt: true,
  noticeMs: true,
  rules: true,
  schedule: true,
  metadata: true,
  ttlSeconds: true,
};
const RULES: OptionNames<NewRules> = { breakInterval: true, roundsPerEpoch: true };
const CHANGE = { at: true, paused: true, tickMs: true };

/**
 * Returns the JSON of a new session.
 *
 * @throws {@link EngineError} `unknown_option` for a field that does not exist, such as one with its name in the JSON;
 *   `not_a_session` for a value that is no object; `not_an_instant`.
 */
export function createSessionBody(session: NewSession): CreateSessionBody {
  checkFields("session", session, FIELDS);
  const { tickMs, seed, startAt, noticeMs, rules, schedule, metadata, ttlSeconds } = session;
  return {
    tick_ms: integer("tickMs", tickMs),
    ...given("seed", seed),
    ...given("start_at", startAt === undefined ? undefined : timestamp("startAt", startAt)),
    ...given("notice_ms", noticeMs),
    ...given("rules", rules && rulesBody(rules)),
    ...given("schedule", schedule?.map(changeBody)),
    ...given("metadata", metadata),
    ...given("ttl_seconds", ttlSeconds),
  };
}

function rulesBody(rules: NewRules): NonNullable<CreateSessionBody["rules"]> {
  checkFields("rules", rules, RULES);
  const { breakInterval, roundsPerEpoch } = rules;
  return { ...given("break_interval", breakInterval), ...given("rounds_per_epoch", roundsPerEpoch) };
}

type ChangeBody = NonNullable<CreateSessionBody["schedule"]>[number];

function changeBody(change: NewChange, index: number): ChangeBody {
  const name = `schedule[${index}]`;
  checkFields<object>(name, change, CHANGE);
  const { at, paused, tickMs } = change as { at: Instant; paused?: true; tickMs?: number };
  return {
    at: timestamp(`${name}.at`, at),
    ...given("paused", paused),
    ...given("tick_ms", tickMs),
  } as ChangeBody;
}

/** Throws for a value that is no object, or has other fields. */
function checkFields<Fields extends object>(name: string, value: Fields, names: OptionNames<Fields>): void {
  if (typeof value !== "object" || value === null) {
    throw new EngineError(
      "not_a_session",
      name,
      `${name} must be an object with ${Object.keys(names).join(", ")}, got ${printable(value)}`,
    );
  }
  checkNames("field", value, names);
}

/** Returns an object with the field, or an empty one if the field is not given. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): { [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Key in Name]?: Value });
}
