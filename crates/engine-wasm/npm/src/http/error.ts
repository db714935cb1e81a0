import type { Problem } from "./schemas.js";

/**
 * Why a session, or the time, cannot be had:
 *
 * | code | meaning |
 * |---|---|
 * | `not_an_address` | the address is not that of a session or server |
 * | `unreachable` | no answer came; `cause` is the error that the platform gave |
 * | `timeout` | no answer came in time |
 * | `bad_answer` | something answered that is no tickseed server, or a proxy in front of it that has no server |
 * | `closed` | the session, or the clock that it was to share, was used after it had been closed |
 * | `other_clock` | the clock to share is that of another server |
 * | `not_ready` | a clock was read before it was set for the first time |
 */
export type SessionErrorCode =
  | "not_an_address"
  | "unreachable"
  | "timeout"
  | "bad_answer"
  | "closed"
  | "other_clock"
  | "not_ready";

/** What is thrown when a session, or the time, cannot be had, for a reason that is not the server's. */
export class SessionError extends Error {
  override readonly name = "SessionError";
  /** The kind of failure. It stays the same when the message is worded anew. */
  readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * What is thrown when the server refuses. The codes are those of the REST API, such as `session_not_found`,
 * `invalid_fields` or `store_unavailable`.
 *
 * @example
 * ```ts
 * try {
 *   await createSession("https://ticks.example", { tick_ms: 0 });
 * } catch (error) {
 *   if (error instanceof ServerError && error.code === "invalid_fields") {
 *     console.log(error.problem.errors); // [{ field: "tick_ms", message: "tick_ms must be from 1 to 86400000, got 0" }]
 *   }
 * }
 * ```
 */
export class ServerError extends Error {
  override readonly name = "ServerError";
  /** What kind of refusal. */
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  /** All that the server said. */
  readonly problem: Problem;
  /** In how many seconds it is worth asking again, if the server says so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds: number | undefined) {
    super(problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
