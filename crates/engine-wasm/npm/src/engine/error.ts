/**
 * What kind of mistake it was:
 *
 * | code | meaning |
 * |---|---|
 * | `out_of_range` | a number lies outside its range |
 * | `not_even` | `rounds_per_epoch` is odd |
 * | `length` | a text has too few or too many bytes of UTF-8 |
 * | `not_an_integer` | a number is not whole, or so large that JavaScript does not hold it exactly |
 * | `not_a_text` | something else came where a string belongs |
 * | `lone_surrogate` | a string is not well-formed: it holds half a surrogate pair, which UTF-8 cannot say |
 * | `not_an_instant` | neither milliseconds, nor a valid `Date`, nor RFC 3339 text of whole milliseconds |
 * | `not_a_session` | something else came where a session belongs, such as the error that a server answered |
 * | `engine_version` | the session was made for another version of the engine |
 * | `not_loaded` | `loadEngine` has not finished yet |
 * | `load_failed` | the WebAssembly module could not be had; `cause` tells more |
 * | `freed` | a timeline or draw was used after it had been freed |
 * | `invalid` | another mistake, of a newer engine than this text |
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
  | "engine_version"
  | "not_loaded"
  | "load_failed"
  | "freed"
  | "invalid";

/**
 * What every function of this package throws when it refuses an input or cannot work.
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
  /** The kind of mistake. It stays the same when the message is worded anew. */
  readonly code: EngineErrorCode;
  /**
   * The input that is wrong: `seed`, `start_at`, `tick_ms`, `break_interval.min`, `break_interval.max`,
   * `rounds_per_epoch`, `engine_version`, `stopped_at`, `now`, `step`, `round`, `channel`, `n` or `items`. What is not
   * an input has a name too: `session` if it is none, `engine` while it is not loaded, `source` if it could not be, `timeline` and `draw` once
   * they are freed.
   */
  readonly field: string;

  constructor(code: EngineErrorCode, field: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.field = field;
  }
}
