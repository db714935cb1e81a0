/**
 * Changes a session for all clients, on behalf of a live session. A module of its own, which a page loads at its first change: most
 * pages only watch.
 */
import { type ControlOptions, readSession, type StopOptions, stopSession } from "../http/api.js";
import { type ChangeOptions, changes, type ResumeOptions, type WithdrawOptions } from "../http/schedule.js";
import type { SessionRecord, Stop } from "../http/schemas.js";
import type { SessionAnswer } from "../http/session-answer.js";
import type { Platform } from "../platform.js";

/** The session that is changed. */
export interface Controlled {
  readonly address: string;
  readonly platform: Platform;
  /** What gives the right to change it. */
  readonly token: string | undefined;
  /** Takes the session as the server now has it, so that the live session need not wait for the event. */
  update(answer: SessionAnswer): void;
}

export async function stop(session: Controlled, options: StopOptions = {}): Promise<Stop> {
  const stopped = await stopSession(session.address, withParts(session, options));
  // The response has only the stop. Without the record the live session hears of it as every client does.
  const { headers, signal } = options;
  const { platform = session.platform } = options;
  // Without the token, which nobody needs for reading.
  await readSession(session.address, { platform, headers, signal }).then(
    ({ record, etag = "", settledUntil }) => session.update({ record, etag, settledUntil }),
    () => undefined,
  );
  return stopped;
}

export async function pause(session: Controlled, options: ChangeOptions = {}): Promise<SessionRecord> {
  return took(session, await changes.pause(session.address, withParts(session, options)));
}

export async function resume(session: Controlled, options: ResumeOptions = {}): Promise<SessionRecord> {
  return took(session, await changes.resume(session.address, withParts(session, options)));
}

export async function setRate(
  session: Controlled,
  tickMs: number,
  options: ChangeOptions = {},
): Promise<SessionRecord> {
  return took(session, await changes.setRate(session.address, tickMs, withParts(session, options)));
}

export async function withdraw(session: Controlled, options: WithdrawOptions = {}): Promise<SessionRecord> {
  return took(session, await changes.withdraw(session.address, withParts(session, options)));
}

/** Adds the platform and the token of the session. A bare instant stays as it is, so that the request can reject it. */
function withParts<Options extends ControlOptions>(
  { platform, token }: Controlled,
  options: Options,
): Options {
  return isPlain(options)
    ? { ...options, platform: options.platform ?? platform, token: options.token ?? token }
    : options;
}

function isPlain(options: unknown): boolean {
  return typeof options === "object" && !(options instanceof Date);
}

function took(session: Controlled, answer: SessionAnswer): SessionRecord {
  session.update(answer);
  return answer.record;
}
