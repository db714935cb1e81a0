/** What a program can do with a live session beside watching it. The code behind it is loaded when it is first used. */
import { printable } from "../engine/input.js";
import { errorFor } from "../engine/last-error.js";
import type { StopOptions } from "../http/api.js";
import { SessionError } from "../http/error.js";
import { checkNames, type OptionNames } from "../http/options.js";
import type { ChangeOptions, ResumeOptions, WithdrawOptions } from "../http/schedule.js";
import type { SessionRecord, Stop } from "../http/schemas.js";
import type { AheadCallback, AheadOptions, AheadParts } from "./ahead.js";
import type { Controlled } from "./control.js";

/** What the code behind it needs of a live session. */
export type SessionInternals = Controlled & AheadParts;

const AHEAD_OPTIONS: OptionNames<AheadOptions> = { audio: true };

/** The pause before code that could not be loaded is requested again, in milliseconds. */
const RELOAD_MS = 5_000;
/** The longest lead, in milliseconds. */
const MAX_LEAD_MS = 60_000;

/** The part of a live session that changes it for all clients, or plans ahead of it. */
export abstract class SessionControls {
  /** @internal */
  protected abstract get internals(): SessionInternals;

  /** The address of the session, for `connect` and for functions such as `stopSession`. */
  get address(): string {
    return this.internals.address;
  }

  /**
   * Stops the session for all clients, as `stopSession` does. This session knows of the stop as soon as the promise is fulfilled.
   *
   * @param options By default it stops as early as possible, by the server's clock.
   * @throws {@link ServerError}, {@link SessionError} and {@link EngineError} as `stopSession` does.
   *
   * @example
   * ```ts
   * await session.stop({ at: session.clock.now + 5_000 });
   * ```
   */
  async stop(options?: StopOptions): Promise<Stop> {
    return (await control()).stop(this.internals, options);
  }

  /**
   * Pauses the session for all clients, as `pauseSession` does. This session knows of it as soon as the promise is fulfilled.
   *
   * @throws {@link ServerError}, {@link SessionError} and {@link EngineError} as `pauseSession` does.
   *
   * @example
   * ```ts
   * await session.pause();
   * await session.resume({ at: session.clock.now + 60_000 });
   * ```
   */
  async pause(options?: ChangeOptions): Promise<SessionRecord> {
    return (await control()).pause(this.internals, options);
  }

  /**
   * Resumes the session for all clients, as `resumeSession` does.
   *
   * @throws {@link ServerError}, {@link SessionError} and {@link EngineError} as `resumeSession` does.
   */
  async resume(options?: ResumeOptions): Promise<SessionRecord> {
    return (await control()).resume(this.internals, options);
  }

  /**
   * Changes the length of the ticks for all clients, as the function `setRate` does.
   *
   * @param tickMs The length of a tick in milliseconds: 1 to 86 400 000.
   * @throws {@link ServerError}, {@link SessionError} and {@link EngineError} as the function `setRate` does.
   */
  async setRate(tickMs: number, options?: ChangeOptions): Promise<SessionRecord> {
    return (await control()).setRate(this.internals, tickMs, options);
  }

  /**
   * Withdraws changes that have not taken effect, as the function `withdraw` does.
   *
   * @throws {@link ServerError}, {@link SessionError} and {@link EngineError} as the function `withdraw` does.
   */
  async withdraw(options?: WithdrawOptions): Promise<SessionRecord> {
    return (await control()).withdraw(this.internals, options);
  }

  /**
   * Calls a function for each coming step, some time before the step begins: to schedule sound, or to prepare an animation. Each
   * step is reported once, in order; a break is a step whose `broken` is true. If a stop or a change of the schedule takes back a
   * step that has not begun yet, the function that the callback returned is called. If the step then comes at another time, it is
   * reported again.
   *
   * Steps that cannot be reported before they begin are left out, as while the page sleeps or is throttled in the background. The clock
   * is corrected while it runs, usually by at most 5 ms a second, so an instant reported 200 ms ahead moves by up to 1 ms until it comes;
   * the clock's own error, `clock.errorMs`, comes on top of that. If an instant moves by more than 2 ms, as after a sleep, the steps
   * that were reported are withdrawn and reported again.
   *
   * @param ms How long before: 0 to 60 000 milliseconds. A quarter of a second suits sound.
   * @param callback Receives the state of the step and when it begins. May return a function that undoes what it has scheduled: it is
   *   called if the step does not begin then, and at the end if the step has not begun yet.
   * @param options `audio` is the context for which `audioAt` is computed.
   * @returns A function that ends this. Closing the session ends it too.
   * @throws {@link SessionError} `closed` once the session is closed, or the error of `unsupported`; {@link EngineError}
   *   `out_of_range` for `ms`.
   *
   * @example
   * ```ts
   * const audio = new AudioContext();
   * const off = session.ahead(
   *   250,
   *   ({ audioAt, broken }) => {
   *     if (audioAt === undefined) return; // until the player has clicked, browsers play nothing
   *     const click = new OscillatorNode(audio, { frequency: broken ? 440 : 880 });
   *     click.connect(audio.destination);
   *     click.start(audioAt);
   *     click.stop(audioAt + 0.03);
   *     return () => click.disconnect(); // the step does not come
   *   },
   *   { audio },
   * );
   * ```
   */
  ahead(ms: number, callback: AheadCallback, options: AheadOptions = {}): () => void {
    const { internals } = this;
    // Throws once the session is closed.
    void internals.session.timeline;
    if (typeof callback !== "function") {
      throw new SessionError("not_a_function", `callback must be a function, got ${printable(callback)}`);
    }
    checkNames("option", options, AHEAD_OPTIONS);
    if (typeof ms !== "number" || !(ms >= 0 && ms <= MAX_LEAD_MS)) {
      throw errorFor(0, "ms", 0, MAX_LEAD_MS, ms);
    }
    let isWanted = true;
    let end = nothing;
    const begin = (): void => {
      import("./ahead.js").then(
        ({ Plan }) => {
          if (isWanted) {
            const plan = new Plan(internals, ms, callback, options);
            end = () => plan.end();
            // The first callback may end it already.
            plan.check();
          }
        },
        (error: unknown) => {
          if (isWanted && !internals.session.isClosed) {
            internals.failed({ what: "code", error, retryInMs: RELOAD_MS });
            end = internals.platform.timers.set(begin, RELOAD_MS);
          }
        },
      );
    };
    begin();
    return () => {
      isWanted = false;
      end();
    };
  }
}

function control(): Promise<typeof import("./control.js")> {
  return import("./control.js");
}

function nothing(): void {
  // The code is still being loaded.
}
