/** The REST API of a server: changes of a session's schedule (docs/schedule.md, section 3). */
import type { Instant } from "../engine/session.js";
import { sessionAddress } from "./address.js";
import { authorized, CONTROL_OPTIONS, type ControlOptions, networkOf } from "./api.js";
import { checkedOptions, type OptionNames, timestamp } from "./options.js";
import { posting, send } from "./request.js";
import type { SessionRecord } from "./schemas.js";
import { type SessionAnswer, sessionAnswer } from "./session-answer.js";

/** Options of a change of a session's schedule. */
export interface ChangeOptions extends ControlOptions {
  /**
   * When the change takes effect, by the server's clock: `clock.now + 5_000` rather than `Date.now() + 5_000`. By default as early as
   * possible: when the server receives the request, or after the notice of the session.
   */
  readonly at?: Instant | undefined;
  /**
   * Whether to withdraw all changes at or after that instant. Otherwise, if there are such changes, the error is
   * `later_changes`.
   */
  readonly replaceLater?: boolean | undefined;
  /**
   * The entity tag of the session that you know, from {@link readSession} or `LiveSession.etag`. If the session has another by
   * then, the error is `changed_meanwhile`.
   */
  readonly ifMatch?: string | undefined;
}

const CHANGE_OPTIONS: OptionNames<ChangeOptions> = {
  at: true,
  replaceLater: true,
  ifMatch: true,
  ...CONTROL_OPTIONS,
};

/** Options of {@link resumeSession}. */
export interface ResumeOptions extends ChangeOptions {
  /** The length of a tick from then on, in milliseconds. By default the length before the pause. */
  readonly tickMs?: number | undefined;
}

const RESUME_OPTIONS: OptionNames<ResumeOptions> = { tickMs: true, ...CHANGE_OPTIONS };

/** Options of {@link withdraw}. */
export interface WithdrawOptions extends ControlOptions {
  /** The changes at or after this instant are withdrawn. By default all that are not final. */
  readonly from?: Instant | undefined;
  /**
   * The entity tag of the session that you know, from {@link readSession} or `LiveSession.etag`. If the session has another by
   * then, the error is `changed_meanwhile`.
   */
  readonly ifMatch?: string | undefined;
}

const WITHDRAW_OPTIONS: OptionNames<WithdrawOptions> = { from: true, ifMatch: true, ...CONTROL_OPTIONS };

/**
 * Pauses a session for all clients. A tick that has begun goes on when the session is resumed.
 *
 * @param session Its address, such as `https://ticks.example/v1/sessions/sess_...`.
 * @throws {@link ServerError} `session_stopped`, with `problem.stopped_at`; `not_started` for an instant before the start;
 *   `too_soon`, with `problem.earliest`, for an instant in the past or within the notice; `later_changes`, with
 *   `problem.schedule`; `change_final`, with `problem.change`, if `replaceLater` would withdraw a change that is too near;
 *   `already_paused`, with `problem.schedule`; `schedule_full` for more than 256 changes; `clock_unsure` while the server
 *   cannot keep the notice; `changed_meanwhile` if `ifMatch` is out of date; `credentials_required`, `credentials_invalid` and
 *   `right_missing` if `token` does not give the right; {@link EngineError} if `at` is not an instant, or for an
 *   option that does not exist.
 *
 * @example
 * ```ts
 * await pauseSession(address);
 * await resumeSession(address, { at: clock.now + 60_000 }); // the server's time, from openClock
 * ```
 */
export async function pauseSession(
  session: string | URL,
  options: ChangeOptions = {},
): Promise<SessionRecord> {
  return (await changes.pause(session, options)).record;
}

/**
 * Resumes a paused session, in the middle of a tick if it was paused there. With another length of ticks, that tick first ends
 * at the former length: the last entry of the returned `schedule` says when the new one begins.
 *
 * @param session Its address.
 * @throws {@link ServerError} as {@link pauseSession}, but `not_paused`, with `problem.schedule`, in place of `already_paused`;
 *   `invalid_fields` for `tickMs` out of range.
 */
export async function resumeSession(
  session: string | URL,
  options: ResumeOptions = {},
): Promise<SessionRecord> {
  return (await changes.resume(session, options)).record;
}

/**
 * Changes the length of a session's ticks. That begins where a tick begins: at `at` or up to a tick later. The last entry of the
 * returned `schedule` says when.
 *
 * @param session Its address.
 * @param tickMs The length of a tick in milliseconds: 1 to 86 400 000.
 * @throws {@link ServerError} as {@link pauseSession}; `already_paused` if the session is paused at that instant, because then
 *   {@link resumeSession} takes the length; `same_rate`, with `problem.schedule`, if the ticks have that length already;
 *   `invalid_fields` for `tickMs` out of range.
 */
export async function setRate(
  session: string | URL,
  tickMs: number,
  options: ChangeOptions = {},
): Promise<SessionRecord> {
  return (await changes.setRate(session, tickMs, options)).record;
}

/**
 * Withdraws changes of a session's schedule that have not taken effect.
 *
 * @param session Its address.
 * @throws {@link ServerError} `session_stopped`, `clock_unsure` and `changed_meanwhile` as {@link pauseSession}; `change_final`,
 *   with `problem.change`, if a change at or after `from` is too near; `nothing_to_withdraw` if there is none;
 *   {@link EngineError} if `from` is not an instant.
 */
export async function withdraw(session: string | URL, options: WithdrawOptions = {}): Promise<SessionRecord> {
  return (await changes.withdraw(session, options)).record;
}

/** The same changes, whose answers also have what the headers of the response say. */
export const changes = {
  async pause(session: string | URL, options: ChangeOptions): Promise<SessionAnswer> {
    return await change(session, "pause", {}, options);
  },
  async resume(session: string | URL, options: ResumeOptions): Promise<SessionAnswer> {
    const { tickMs, ...when } = checkedOptions("at", options, RESUME_OPTIONS);
    return await change(session, "resume", tickMs === undefined ? {} : { tick_ms: tickMs }, when);
  },
  async setRate(session: string | URL, tickMs: number, options: ChangeOptions): Promise<SessionAnswer> {
    return await change(session, "rate", { tick_ms: tickMs }, options);
  },
  async withdraw(session: string | URL, options: WithdrawOptions): Promise<SessionAnswer> {
    const { from, ...others } = checkedOptions("from", options, WITHDRAW_OPTIONS);
    const content = from === undefined ? {} : { from: timestamp("from", from) };
    return await post(session, "withdraw", content, others);
  },
};

/** What a request changes of a schedule, as the last part of its address. */
type Action = "pause" | "resume" | "rate" | "withdraw";

function change(
  session: string | URL,
  action: Action,
  content: object,
  options: ChangeOptions,
): Promise<SessionAnswer> {
  const { at, replaceLater, ...others } = checkedOptions("at", options, CHANGE_OPTIONS);
  const when = {
    ...(at === undefined ? {} : { at: timestamp("at", at) }),
    ...(replaceLater === undefined ? {} : { replace_later: replaceLater }),
  };
  return post(session, action, { ...content, ...when }, others);
}

async function post(
  session: string | URL,
  action: Action,
  content: object,
  { ifMatch, token, signal, ...options }: ControlOptions & { readonly ifMatch?: string | undefined },
): Promise<SessionAnswer> {
  const address = sessionAddress(session).action(action);
  const init = authorized(posting(content, ifMatch), token);
  return sessionAnswer(address, await send(networkOf(options), address, init, signal));
}
