/**
 * The kind of error:
 *
 * | code | meaning |
 * |---|---|
 * | `out_of_range` | a number is outside its range |
 * | `not_even` | `rounds_per_epoch` is odd |
 * | `length` | a string has too few or too many bytes of UTF-8 |
 * | `not_an_integer` | a number is not an integer, or too large for JavaScript to represent exactly |
 * | `not_a_text` | a value is not a string |
 * | `lone_surrogate` | a string is not well-formed: it contains half a surrogate pair, which UTF-8 cannot encode |
 * | `not_an_instant` | a value is neither a number of milliseconds, nor a valid `Date`, nor an RFC 3339 string |
 * | `not_a_session` | a value is not a session, or not a part of one, but for example the body of an error response |
 * | `invalid_change` | a change in `schedule` cannot follow the one before it |
 * | `unknown_option` | a request was given an option or a field that does not exist; `field` is its name |
 * | `engine_version` | the session needs another version of the engine |
 * | `unknown_requirement` | the session `requires` something that this version of the package does not understand |
 * | `step_not_scheduled` | a step never begins, because the session is paused for good before |
 * | `not_loaded` | `loadEngine` has not finished yet |
 * | `load_failed` | the WebAssembly module could not be loaded; see `cause` |
 * | `freed` | a timeline or draw was used after it was freed |
 * | `invalid` | another error, from a newer engine |
 */
export type EngineErrorCode =
  | "out_of_range"
  | "not_even"
  | "length"
  | "not_an_integer"
  | "not_a_text"
  | "lone_surrogate"
  | "not_an_instant"
  | "not_a_session"
  | "invalid_change"
  | "unknown_option"
  | "engine_version"
  | "unknown_requirement"
  | "step_not_scheduled"
  | "not_loaded"
  | "load_failed"
  | "freed"
  | "invalid";

/**
 * Thrown when the engine rejects an input or is not ready.
 *
 * @example
 * ```ts
 * try {
 *   new Timeline({ seed: "", start_at: 0, tick_ms: 100 });
 * } catch (error) {
 *   if (error instanceof EngineError) {
 *     console.log(error.code, error.field); // "length" "seed"
 *   }
 * }
 * ```
 */
export class EngineError extends Error {
  override readonly name = "EngineError";
  /** The kind of error. It stays the same even if the message changes. */
  readonly code: EngineErrorCode;
  /**
   * The invalid input: `seed`, `start_at`, `tick_ms`, `schedule`, a change such as `schedule[3]` or a part of it such as
   * `schedule[3].at`, `break_interval.min`, `break_interval.max`, `rounds_per_epoch`, `engine_version`, `requires`,
   * `stopped_at`, `now`, `step`, `round`, `channel`, `n`, `items`, `probability`, `min`, `max`, `count` or `ms`. Other errors name
   * what they are about: `session`, `engine` before it is loaded, `source` if loading fails, `timeline` or `draw` once freed.
   */
  readonly field: string;
  /** Whether another attempt may succeed: `load_failed` because a request for the module failed, for example offline. */
  readonly mayPass: boolean;

  constructor(
    code: EngineErrorCode,
    field: string,
    message: string,
    options: ErrorOptions & { readonly mayPass?: boolean } = {},
  ) {
    super(message, options);
    this.code = code;
    this.field = field;
    this.mayPass = options.mayPass === true;
  }
}

/** Returns what the cause of an error says, as a part of the error's own message. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
