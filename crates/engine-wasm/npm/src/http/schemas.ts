/** The JSON of the REST API, as described by the server's OpenAPI document. */
import type { components } from "../../generated/api.js";
import type { ScheduleChange } from "../engine/session.js";

type Schemas = components["schemas"];

/** A session as the server stores it: its JSON, with the server's names. What has not been created yet is a `NewSession`. */
export type SessionRecord = Omit<Schemas["Session"], "schedule"> & {
  /** Every change of the session's schedule, past and future, in order: pauses, and ticks of another length. */
  readonly schedule: readonly ScheduleChangeRecord[];
};
/** A change of a session's schedule as the server stores it. */
export type ScheduleChangeRecord = ScheduleChange & { readonly at: string };
/** The body of a request that creates a session. Programs pass a `NewSession`. */
export type CreateSessionBody = Schemas["CreateSession"];
/** When a session stops or has stopped. */
export type Stop = Schemas["Stop"];
/** The body of an error response. Names fields as the server's JSON does. */
export type Problem = Schemas["Problem"];
/** A server's time. */
export type ServerTime = Schemas["Time"];
