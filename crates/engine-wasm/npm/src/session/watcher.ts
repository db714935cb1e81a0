/**
 * Watches a session for its changes, its stop and its end. Uses server-sent events. Without them, or while the stream is down, it
 * polls the session, which usually costs a 304 response.
 */
import type { SessionAddress } from "../http/address.js";
import { ServerError, SessionError } from "../http/error.js";
import { parsed } from "../http/request.js";
import { retryAfterMs } from "../http/retry.js";
import {
  instantIn,
  isSessionRecord,
  requestSession,
  type SessionAnswer,
  strongTag,
} from "../http/session-answer.js";
import type { EventStream, Platform, StreamEvent } from "../platform.js";
import type { SessionObserver } from "./session-observer.js";
import { CLOSED, ENDS, WITH_SESSION } from "./stream-events.js";
import { canShareStreams, takeSlot } from "./stream-slots.js";

/** The polling interval without a stream, in milliseconds. It is shorter if a stream would renew the promise sooner. */
const WITHOUT_STREAM_MS = 5_000;
const SHORTEST_RENEWAL_MS = 1_000;
/** The polling interval with a stream, which may have died unnoticed: a minute, or after two renewals of the promise are missing. */
const BESIDE_STREAM_MS = 60_000;
const RENEWALS_MISSED = 2;
/**
 * The longest pause before reopening a stream that was rejected, in milliseconds: doubled each time. The pause itself is random
 * and may be as short as zero, because the clients of a server that fails are all rejected at once.
 */
const FIRST_REOPEN_MS = 2_000;
const LONGEST_REOPEN_MS = 60_000;
/** How long a server can make clients wait with `Retry-After`, in milliseconds. */
const LONGEST_RETRY_AFTER_MS = 300_000;
/** Pauses vary by this fraction, so that clients do not reconnect all at once. */
const JITTER = 0.2;

type OpenStream = () => EventStream;

/** Watches a session until it is closed. */
export class SessionWatcher {
  readonly #platform: Platform;
  readonly #address: SessionAddress;
  readonly #observer: SessionObserver;
  #isClosed = false;
  #stream: EventStream | undefined;
  #isListening = false;
  #isPollSoon = false;
  /** Whether something is in doubt that no request since then has settled. */
  #isHurried = false;
  /** Whether the stream has brought no promise for as long as it takes to poll beside it. */
  #isSilent = false;
  #failures = 0;
  /** Until when the last response asked to wait, and a random time longer, by the monotonic clock in milliseconds. */
  #retryAtMs = 0;
  /** Opens a stream that the tabs of a browser share. Without it, the page opens its own. */
  #openShared: OpenStream | undefined;
  /** Whether it is not yet known which of the two to open. */
  #isUndecided = false;
  /** The request in flight. */
  #request: AbortController | undefined;
  /** Lets another session of this page open a stream. */
  #releaseSlot: () => void = nothing;
  #cancelPoll: () => void = nothing;
  #cancelReopen: () => void = nothing;

  constructor(platform: Platform, address: SessionAddress, observer: SessionObserver) {
    this.#platform = platform;
    this.#address = address;
    this.#observer = observer;
    if (canShareStreams(platform)) {
      this.#share();
    } else {
      this.#open();
    }
    this.#schedulePoll();
  }

  /** Whether the stream is open, as far as is known. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /**
   * Reopens the stream, and polls once unless the server has asked to wait. Call it after an outage or a sleep, when the stream may
   * have died unnoticed.
   */
  refresh(): void {
    this.#open();
    if (this.#waitMs === 0) {
      void this.#poll();
    }
  }

  /** Polls as soon as without a stream, because the promise has run out, or the session is in doubt. */
  hurry(): void {
    this.#isHurried = true;
    if (!this.#isPollSoon) {
      this.#schedulePoll();
    }
  }

  /** Stops watching. */
  close(): void {
    this.#isClosed = true;
    this.#cancelPoll();
    this.#cancelReopen();
    this.#request?.abort();
    this.#request = undefined;
    this.#stream?.close();
    this.#stream = undefined;
    this.#releaseSlot();
    this.#releaseSlot = nothing;
    this.#isListening = false;
  }

  /** Loads the code for shared streams. If that takes longer than the first poll, the page opens its own stream meanwhile. */
  #share(): void {
    this.#isUndecided = true;
    const openOwn = (): void => this.#decide(undefined);
    import("./shared-stream.js").then(({ SharedStream }) => {
      this.#decide(() => new SharedStream(this.#platform, this.#address, openOwn));
    }, openOwn);
  }

  #decide(openShared: OpenStream | undefined): void {
    this.#isUndecided = false;
    this.#openShared = openShared;
    this.#releaseSlot();
    this.#releaseSlot = nothing;
    this.#open();
  }

  /** Opens a stream, and closes the previous one. */
  #open(): void {
    this.#cancelReopen();
    this.#isSilent = false;
    this.#stream?.close();
    this.#stream = undefined;
    this.#setListening(false);
    // The observer may have closed the watcher.
    const stream = this.#isClosed || this.#isUndecided ? undefined : this.#newStream();
    if (stream === undefined) {
      return;
    }
    this.#stream = stream;
    let isFirst = true;
    for (const type of WITH_SESSION) {
      stream.addEventListener(type, (event) => {
        if (this.#stream === stream) {
          // The first event may come from a server that has not heard of everything yet.
          this.#onSession(event, type === "session" && !isFirst);
          isFirst = false;
        }
      });
    }
    stream.addEventListener("settled", ({ data }) => this.#onSettled(stream, data));
    stream.addEventListener("open", () => {
      isFirst = true;
      this.#onOpen(stream);
    });
    for (const type of ENDS) {
      stream.addEventListener(type, () => this.#onGone(stream));
    }
    stream.addEventListener("error", () => this.#onError(stream));
  }

  #newStream(): EventStream | undefined {
    const { EventSource } = this.#platform;
    if (this.#openShared !== undefined) {
      return this.#openShared();
    }
    try {
      return EventSource && this.#takeSlot(EventSource) ? new EventSource(this.#address.events) : undefined;
    } catch {
      // Something on the page forbids streams.
      return undefined;
    }
  }

  /** Takes the slot for a stream. Returns whether the session has it. */
  #takeSlot(EventSource: object): boolean {
    if (this.#releaseSlot === nothing) {
      this.#releaseSlot = takeSlot(EventSource, this.#address.origin) ?? nothing;
    }
    return this.#releaseSlot !== nothing;
  }

  #onOpen(stream: EventStream): void {
    if (this.#stream === stream) {
      this.#failures = 0;
      this.#setListening(true);
    }
  }

  #onSession({ data = "", lastEventId = "" }: StreamEvent, changesWereLost: boolean): void {
    // Damaged data is skipped; the next poll makes up for it.
    const record = parsed(data);
    if (isSessionRecord(record)) {
      // The id of an event with a session is the entity tag of that session.
      this.#tell({ record, etag: strongTag(lastEventId) }, changesWereLost);
    }
  }

  #tell(answer: SessionAnswer, changesWereLost: boolean): void {
    if (!this.#observer.session(answer, changesWereLost)) {
      this.hurry();
    }
  }

  #onSettled(stream: EventStream, data = ""): void {
    const { etag, settled_until } = (parsed(data) ?? {}) as { etag?: unknown; settled_until?: unknown };
    const settledUntil = instantIn(settled_until);
    if (this.#stream !== stream || typeof etag !== "string" || settledUntil === undefined) {
      return;
    }
    this.#isSilent = false;
    if (this.#observer.settled(strongTag(etag), settledUntil)) {
      // The stream lives, so there is no need to poll yet.
      this.#isHurried = false;
      this.#schedulePoll();
    } else {
      // The server has another version of the session, which the stream did not bring.
      this.hurry();
    }
  }

  #onGone(stream: EventStream): void {
    if (this.#stream === stream) {
      this.#end();
    }
  }

  /** Reopens a stream that was rejected. A broken one reconnects by itself. */
  #onError(stream: EventStream): void {
    if (this.#stream !== stream) {
      return;
    }
    this.#setListening(false);
    if (stream.readyState === CLOSED && !this.#isClosed) {
      const longestMs = Math.min(FIRST_REOPEN_MS * 2 ** this.#failures, LONGEST_REOPEN_MS);
      const pauseMs = this.#waitMs + longestMs * this.#platform.random();
      this.#failures += 1;
      this.#cancelReopen();
      this.#cancelReopen = this.#platform.timers.set(() => this.#open(), pauseMs);
      const error = new SessionError("unreachable", `no event stream from ${this.#address.events}`);
      this.#observer.failed({ error, what: "stream", retryInMs: pauseMs });
    }
  }

  #setListening(isListening: boolean): void {
    if (this.#isListening !== isListening) {
      this.#isListening = isListening;
      this.#schedulePoll();
      this.#observer.listening(isListening);
    }
  }

  /** Returns the pause before the poll, in milliseconds. */
  #schedulePoll(): number {
    this.#cancelPoll();
    if (this.#isClosed || this.#request !== undefined) {
      return 0;
    }
    const isSoon = !this.#isListening || this.#isHurried;
    this.#isPollSoon = isSoon;
    const renewalMs = this.#renewalMs;
    const pauseMs = isSoon
      ? Math.min(renewalMs, WITHOUT_STREAM_MS)
      : Math.min(RENEWALS_MISSED * renewalMs, BESIDE_STREAM_MS);
    const jitter = JITTER * (2 * this.#platform.random() - 1);
    const pollInMs = Math.max(pauseMs * (1 + jitter), this.#waitMs);
    this.#cancelPoll = this.#platform.timers.set(() => {
      this.#isSilent ||= !isSoon;
      void this.#poll();
    }, pollInMs);
    return pollInMs;
  }

  /** How long the server still wants to be left alone, in milliseconds. */
  get #waitMs(): number {
    return Math.max(0, this.#retryAtMs - this.#platform.time.monotonicMs());
  }

  /** How long a stream takes to renew the promise. Without a notice there is none. */
  get #renewalMs(): number {
    const { noticeMs } = this.#observer;
    return noticeMs > 0 ? Math.max(noticeMs / 3, SHORTEST_RENEWAL_MS) : Number.POSITIVE_INFINITY;
  }

  /** Polls the session. Cancels a request in flight, whose network may be gone. */
  async #poll(): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    this.#cancelPoll();
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const apply = await this.#fetchRecord(request.signal);
    if (this.#request === request) {
      this.#request = undefined;
      this.#schedulePoll();
      apply();
      this.#openIfFree();
    }
  }

  /** Opens a stream if another session has released its slot, or if the code for shared streams takes too long to load. */
  #openIfFree(): void {
    if (this.#stream === undefined && !this.#isClosed) {
      this.#isUndecided = false;
      this.#open();
    }
  }

  /** Requests the session. Returns what to do with the response. */
  async #fetchRecord(signal: AbortSignal): Promise<() => void> {
    const wasHurried = this.#isHurried;
    // Doubts that arise from now on need another request, because the response may be older.
    this.#isHurried = false;
    try {
      // Decided before the request, because the response may take long.
      const isFinal = this.#observer.isFinal();
      const answer = await requestSession(this.#platform, this.#address.session, signal);
      return () => this.#onAnswer(answer, isFinal && answer.isFromCache !== true);
    } catch (error) {
      this.#isHurried ||= wasHurried || this.#isSilent;
      const isGone =
        error instanceof ServerError && error.code === "session_not_found" && error.status === 404;
      // Other errors may be temporary. The next poll tries again, and soon if the promise depends on it.
      return isGone ? () => this.#end() : () => this.#retry(error);
    }
  }

  #retry(error: unknown): void {
    const { random, time } = this.#platform;
    const wishMs = Math.min(retryAfterMs(error), LONGEST_RETRY_AFTER_MS);
    this.#retryAtMs = time.monotonicMs() + wishMs * (1 + random());
    const retryInMs = this.#schedulePoll();
    this.#observer.failed({ error, what: "session", retryInMs });
  }

  #onAnswer(answer: SessionAnswer, isFinal: boolean): void {
    this.#tell(answer, false);
    // The observer may have closed the watcher.
    if (this.#isClosed) {
      return;
    }
    if (isFinal && this.#observer.isFinal()) {
      this.#leave();
      this.#observer.final();
    } else if (this.#isSilent && answer.settledUntil !== undefined) {
      // The server goes on promising, but not over this stream.
      this.#open();
    }
  }

  #end(): void {
    this.#leave();
    this.#observer.expired();
  }

  /** Closes the watcher, and reports that the stream is closed. */
  #leave(): void {
    const wasListening = this.#isListening;
    this.close();
    if (wasListening) {
      this.#observer.listening(false);
    }
  }
}

function nothing(): void {
  // No timer is set, or there is nothing to apply.
}
