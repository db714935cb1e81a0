/** The JSON of the REST API, as described by the server's OpenAPI document. */
import type { components } from "../../generated/api.js";
import type { ScheduleChange, SessionStatus } from "../engine/session.js";

type Schemas = components["schemas"];

/** A session as the server stores it. */
export type SessionRecord = Omit<Schemas["Session"], "status"> &
  ScheduleFields & { readonly status: SessionStatus };
/** The fields of a new session. Only `tick_ms` is required. */
export type NewSession = Schemas["CreateSession"] & {
  /** How long before it takes effect every change is announced at least, in milliseconds: 0 to 86 400 000. Default: 0. */
  readonly notice_ms?: number | null;
  /** Changes that are known from the start. The notice does not apply to them. */
  readonly schedule?: readonly ScheduleChangeRecord[] | null;
};
/** When a session stops or has stopped. */
export type Stop = Schemas["Stop"];
/** The body of an error response. */
export type Problem = Omit<Schemas["Problem"], "code"> & {
  readonly code: string;
  /** The earliest instant that is possible now (with `too_soon`). */
  readonly earliest?: string | null;
  /** The changes at or after the new one (with `later_changes`). */
  readonly changes?: readonly ScheduleChangeRecord[] | null;
  /** All changes of the session (with `already_paused`, `not_paused` and `same_rate`). */
  readonly schedule?: readonly ScheduleChangeRecord[] | null;
  /** The change that is final (with `change_final`). */
  readonly change?: ScheduleChangeRecord | null;
};
/** A server's time. */
export type ServerTime = Schemas["Time"];

/** A change of a session's pace, with an RFC 3339 timestamp. */
export type ScheduleChangeRecord = ScheduleChange & { readonly at: string };

/** What servers without schedules leave out. */
interface ScheduleFields {
  /** How long before it takes effect every change is announced at least, in milliseconds. */
  readonly notice_ms?: number;
  /** All changes of the session's pace. */
  readonly schedule?: readonly ScheduleChangeRecord[];
  /** What a program must understand to compute the session's state. */
  readonly requires?: readonly string[];
}
