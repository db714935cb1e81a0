import type { Problem } from "./schemas.js";

/**
 * Why a session or the time is not available:
 *
 * | code | meaning |
 * |---|---|
 * | `not_an_address` | the address is not one of a session or server, or not that of the `record` |
 * | `unreachable` | there was no response; `cause` is the platform's error |
 * | `timeout` | there was no response in time |
 * | `bad_answer` | the response does not come from a tickseed server, but, for example, from a proxy with no server behind it |
 * | `closed` | the session, or the clock it should share, is closed |
 * | `other_clock` | the clock to share belongs to another server |
 * | `not_ready` | the clock was read before it was set |
 * | `unknown_event` | a session or clock has no event of that name |
 * | `not_a_function` | a listener is not a function |
 */
export type SessionErrorCode =
  | "not_an_address"
  | "unreachable"
  | "timeout"
  | "bad_answer"
  | "closed"
  | "other_clock"
  | "not_ready"
  | "unknown_event"
  | "not_a_function";

/** Thrown when a session or the time is not available for a reason other than an error response. */
export class SessionError extends Error {
  override readonly name = "SessionError";
  /** The kind of error. It stays the same even if the message changes. */
  readonly code: SessionErrorCode;
  /** After how many seconds to try again, if a response says so, such as that of a proxy. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: SessionErrorCode, message: string, options: SessionErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** Whether another attempt may succeed: `unreachable`, `timeout` and `bad_answer`. */
  get mayPass(): boolean {
    return ["unreachable", "timeout", "bad_answer"].includes(this.code);
  }
}

/** What a {@link SessionError} can carry. */
export interface SessionErrorOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Thrown for an error response of the server. The codes are those of the REST API, such as `session_not_found`,
 * `invalid_fields` or `store_unavailable`.
 *
 * @example
 * ```ts
 * try {
 *   await createSession("https://ticks.example", { tickMs: 0 });
 * } catch (error) {
 *   if (error instanceof ServerError && error.code === "invalid_fields") {
 *     console.log(error.problem.errors); // [{ field: "tick_ms", message: "tick_ms must be from 1 to 86400000, got 0" }]
 *   }
 * }
 * ```
 */
export class ServerError extends Error {
  override readonly name = "ServerError";
  /** The kind of error. */
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  /** The body of the response. */
  readonly problem: Problem;
  /** After how many seconds to try again, if the server says so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds: number | undefined) {
    super(problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /**
   * Whether another attempt may succeed: the server is busy or failing (status 408, 429, or 500 and above), or is carrying the same
   * request out (`request_in_progress`).
   */
  get mayPass(): boolean {
    return (
      this.status === 408 || this.status === 429 || this.status >= 500 || this.code === "request_in_progress"
    );
  }
}
