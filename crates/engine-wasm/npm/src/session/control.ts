/**
 * Changes a session for all clients, on behalf of a live session. A module of its own, which a page loads at its first change: most
 * pages only watch.
 */
import { type RequestOptions, readSession, type StopOptions, stopSession } from "../http/api.js";
import { type ChangeOptions, changes, type ResumeOptions, type WithdrawOptions } from "../http/schedule.js";
import type { SessionRecord, Stop } from "../http/schemas.js";
import type { SessionAnswer } from "../http/session-answer.js";
import type { Platform } from "../platform.js";

/** The session that is changed. */
export interface Controlled {
  readonly address: string;
  readonly platform: Platform;
  /** Takes the session as the server now has it, so that the live session need not wait for the event. */
  update(answer: SessionAnswer): void;
}

export async function stop(session: Controlled, options: StopOptions = {}): Promise<Stop> {
  const stopped = await stopSession(session.address, withPlatform(session, options));
  // The response has only the stop. Without the record the live session hears of it as every client does.
  const { headers, signal } = options;
  const reading = withPlatform<RequestOptions>(session, { platform: options.platform, headers, signal });
  await readSession(session.address, reading).then(
    ({ record, etag = "", settledUntil }) => session.update({ record, etag, settledUntil }),
    () => undefined,
  );
  return stopped;
}

export async function pause(session: Controlled, options: ChangeOptions = {}): Promise<SessionRecord> {
  return took(session, await changes.pause(session.address, withPlatform(session, options)));
}

export async function resume(session: Controlled, options: ResumeOptions = {}): Promise<SessionRecord> {
  return took(session, await changes.resume(session.address, withPlatform(session, options)));
}

export async function setRate(
  session: Controlled,
  tickMs: number,
  options: ChangeOptions = {},
): Promise<SessionRecord> {
  return took(session, await changes.setRate(session.address, tickMs, withPlatform(session, options)));
}

export async function withdraw(session: Controlled, options: WithdrawOptions = {}): Promise<SessionRecord> {
  return took(session, await changes.withdraw(session.address, withPlatform(session, options)));
}

/** Adds the platform of the session. A bare instant stays as it is, so that the request can reject it. */
function withPlatform<Options extends RequestOptions>({ platform }: Controlled, options: Options): Options {
  return isPlain(options) ? { ...options, platform: options.platform ?? platform } : options;
}

function isPlain(options: unknown): boolean {
  return typeof options === "object" && !(options instanceof Date);
}

function took(session: Controlled, answer: SessionAnswer): SessionRecord {
  session.update(answer);
  return answer.record;
}
