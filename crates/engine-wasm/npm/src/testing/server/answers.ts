/** The responses of a virtual server. */
import { ServerError } from "../../http/error.js";
import type { Problem } from "../../http/schemas.js";

const TITLES: Record<number, string> = {
  400: "Bad Request",
  404: "Not Found",
  409: "Conflict",
  412: "Precondition Failed",
};

/** Returns the error with which a server refuses a request. It reaches the client as a response. */
export function refusal(
  code: Problem["code"],
  status: number,
  detail: string,
  more: Partial<Problem> = {},
): ServerError {
  const title = TITLES[status] ?? "Error";
  return new ServerError({ type: "about:blank", title, status, code, detail, ...more }, undefined);
}

/** Returns the error of a field. */
export function invalid(field: string, message: string): ServerError {
  return refusal("invalid_fields", 400, message, { errors: [{ field, message }] });
}

/** Returns the response for an error. */
export function errorAnswer({ problem, status }: ServerError): Response {
  return json(problem, { status, headers: { "content-type": "application/problem+json" } });
}

/** Returns a JSON response. */
export function json(content: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(content), { status: 200, ...init });
}
