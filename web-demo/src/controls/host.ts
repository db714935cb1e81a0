/** The commands of a session's host: stop, pause, resume, and set the rate, at once or with a warning. */
import { pauseSession, resumeSession, setRate, stopSession, withdraw } from "tickseed";

import type { KnownSession } from "../session/known-session.js";

/** A command. A number is the length of a tick in milliseconds. */
export type Command = "stop" | "pause" | "resume" | "withdraw" | number;

/** How far ahead a command takes effect, in milliseconds. 0 is as soon as the session allows. */
export type Lead = 0 | 3_000 | 10_000;

/** How much more than its notice a session gets before a change, in milliseconds. */
const GUARD_MS = 1_000;
/** Why a command is refused, in the words of the page. */
const REFUSALS: Readonly<Record<string, string>> = {
  credentials_required: "Only the page that created a session can change it.",
  right_missing: "Only the page that created a session can change it.",
  credentials_invalid: "Only the page that created a session can change it.",
  later_changes: "A later change is already planned. Withdraw it first.",
  too_soon: "This session announces its changes further in advance.",
  session_stopped: "The session has stopped for good.",
  not_started: "The session has not started yet.",
};

export class Host {
  lead: Lead = 3_000;
  /** The command of the button under the pointer. */
  preview: "stop" | "pause" | undefined;
  readonly #session: KnownSession;
  readonly #token: string | undefined;
  readonly #now: () => number;
  readonly #changed: () => void;
  #isBusy = false;
  #words = "";

  constructor(session: KnownSession, token: string | undefined, now: () => number, changed: () => void) {
    this.#session = session;
    this.#token = token;
    this.#now = now;
    this.#changed = changed;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** The outcome of the last command. */
  get words(): string {
    return this.#words;
  }

  /** Whether this page has the right to change the session by a token of its own. */
  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  /** When a command that is given now takes effect. */
  get effectAt(): number {
    const { notice_ms } = this.#session.record;
    const earliest = notice_ms > 0 ? notice_ms + GUARD_MS : 0;
    return this.#now() + Math.max(this.lead, earliest);
  }

  /** How the session is when that command takes effect. */
  get statusThen(): "running" | "paused" | "stopped" {
    return this.#session.timeline.statusAt(Math.floor(this.effectAt));
  }

  async give(command: Command): Promise<void> {
    this.#isBusy = true;
    this.#changed();
    try {
      await this.#send(command);
      this.#words = "";
    } catch (error) {
      const { code = "", message = String(error) } = error as { code?: string; message?: string };
      this.#words = `Nothing has changed. ${REFUSALS[code] ?? message}`;
    }
    this.#isBusy = false;
    this.#changed();
  }

  async #send(command: Command): Promise<void> {
    const { address, record } = this.#session;
    const token = this.#token === undefined ? {} : { token: this.#token };
    // With a notice, the server chooses the earliest possible instant.
    const isSoon = this.lead === 0 || this.lead < record.notice_ms + GUARD_MS * Math.sign(record.notice_ms);
    const when = isSoon ? token : { ...token, at: Math.ceil(this.effectAt) };
    if (command === "stop") {
      await stopSession(address, when);
    } else if (command === "withdraw") {
      this.#session.take(await withdraw(address, token));
    } else if (command === "pause") {
      this.#session.take(await pauseSession(address, when));
    } else if (command === "resume") {
      this.#session.take(await resumeSession(address, when));
    } else {
      this.#session.take(await this.#pace(command, when));
    }
  }

  /** Sets the rate. A session that is paused then resumes with it. */
  #pace(tickMs: number, when: { readonly token?: string; readonly at?: number }): ReturnType<typeof setRate> {
    const { address } = this.#session;
    return this.statusThen === "paused"
      ? resumeSession(address, { ...when, tickMs })
      : setRate(address, tickMs, when);
  }
}
