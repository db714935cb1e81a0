import type { SessionAnswer } from "../http/session-answer.js";
import type { SessionFailure } from "./events.js";

/** Receives what the watcher finds out. */
export interface SessionObserver {
  /** The notice of the session, in milliseconds; 0 without one. */
  readonly noticeMs: number;
  /**
   * The session as the server now has it, whether or not it has changed.
   *
   * @param changesWereLost Whether the server has lost changes, so that even an earlier revision counts.
   * @returns Whether it leaves no doubt. An earlier revision does, unless the server is known to have lost changes.
   */
  session(answer: SessionAnswer, changesWereLost: boolean): boolean;
  /**
   * The server promises: no change that is missing from the session with this entity tag takes effect before the instant.
   * Returns whether that is the session as the observer knows it.
   */
  settled(etag: string, settledUntil: number): boolean;
  /** Returns whether the next response of the server is final. */
  isFinal(): boolean;
  /** The server has sent its final response. */
  final(): void;
  /** The server no longer has the session. */
  expired(): void;
  /** The stream has opened or broken. */
  listening(isListening: boolean): void;
  /** A request for the session has failed, or the server has rejected the stream. The watcher tries again after a pause. */
  failed(failure: SessionFailure): void;
}
