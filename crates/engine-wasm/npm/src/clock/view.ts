/** The readings of a clock, for programs that do not own it. */
import type { Clock, ClockEvents, ClockReading } from "./clock.js";

/** A clock that can be read but not closed, because others may share it: that of a session. */
export class ClockView {
  readonly #clock: Clock;

  /** @internal */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The address that the clock asks for the time. */
  get address(): string | undefined {
    return this.#clock.address;
  }

  /** Whether the clock has been set and can be read. That of a session always is. */
  get isReady(): boolean {
    return this.#clock.isReady;
  }

  /** The server's time, in milliseconds since the Unix epoch, with a fraction. Never goes backward. */
  get now(): number {
    return this.#clock.now;
  }

  /** The maximum error of {@link ClockView.now}, in milliseconds. */
  get errorMs(): number {
    return this.#clock.errorMs;
  }

  /** Whether the server has responded recently, and nothing has disrupted the clock since. */
  get synced(): boolean {
    return this.#clock.synced;
  }

  /**
   * Reads all three at the same moment.
   *
   * @example
   * ```ts
   * const { now, errorMs, synced } = session.clock.read();
   * ```
   */
  read(): ClockReading {
    return this.#clock.read();
  }

  /** Calls a listener at each event. Returns a function that removes it; the end of the clock removes it too. */
  on<Name extends keyof ClockEvents>(
    event: Name,
    listener: (payload: ClockEvents[Name]) => void,
  ): () => void {
    return this.#clock.on(event, listener);
  }
}
