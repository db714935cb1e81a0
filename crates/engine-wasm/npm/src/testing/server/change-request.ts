/** The requests that change a session, with their fields checked. */

import { printable } from "../../engine/input.js";
import { milliseconds } from "../../engine/instant.js";
import { invalid } from "./answers.js";

/** How a request changes a session, as the last part of its address. */
export type Action = "pause" | "resume" | "rate" | "withdraw" | "stop";

/** The JSON of such a request. */
export type ChangeJson = Readonly<Record<string, unknown>>;

/** The fields of such a request. */
export interface ChangeRequest {
  readonly at: number | undefined;
  readonly from: number | undefined;
  readonly tickMs: number | undefined;
  readonly replaceLater: boolean;
}

const LONGEST_TICK_MS = 86_400_000;

const FIELDS: Record<Action, readonly string[]> = {
  pause: ["at", "replace_later"],
  resume: ["at", "replace_later", "tick_ms"],
  rate: ["at", "replace_later", "tick_ms"],
  withdraw: ["from"],
  stop: ["at"],
};

/**
 * Returns the fields of a request.
 *
 * @throws {@link ServerError} `invalid_fields`.
 */
export function changeRequest(action: Action, json: ChangeJson): ChangeRequest {
  const unknown = Object.keys(json).find((field) => !FIELDS[action].includes(field));
  if (unknown !== undefined) {
    throw invalid(unknown, `unknown field ${unknown}`);
  }
  const { at, from, tick_ms: tickMs, replace_later: replaceLater } = json;
  return {
    at: instantOf("at", at),
    from: instantOf("from", from),
    tickMs: lengthOf(tickMs, action === "rate"),
    replaceLater: flagOf("replace_later", replaceLater),
  };
}

function instantOf(field: string, value: unknown): number | undefined {
  if (value == null) {
    return undefined;
  }
  try {
    if (typeof value === "string") {
      return milliseconds(field, value);
    }
  } catch {
    // Refused below, like other values that are not timestamps.
  }
  throw invalid(field, `${field} must be an RFC 3339 timestamp, got ${printable(value)}`);
}

function lengthOf(value: unknown, isRequired: boolean): number | undefined {
  if (value == null && !isRequired) {
    return undefined;
  }
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > LONGEST_TICK_MS) {
    throw invalid("tick_ms", `tick_ms must be from 1 to ${LONGEST_TICK_MS}, got ${printable(value)}`);
  }
  return value as number;
}

function flagOf(field: string, value: unknown): boolean {
  if (value != null && typeof value !== "boolean") {
    throw invalid(field, `${field} must be true or false, got ${printable(value)}`);
  }
  return value === true;
}
