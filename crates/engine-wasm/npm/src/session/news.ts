/**
 * What becomes of a session: its stop, and its end. By server-sent events; where there are none, or while they are silent, by
 * asking for the session again, which costs a 304.
 */
import type { SessionAddress } from "../http/address.js";
import type { SessionRecord } from "../http/api.js";
import { ServerError } from "../http/error.js";
import { request } from "../http/request.js";
import type { EventStream, Platform } from "../platform.js";

/** Who is told. */
export interface NewsReader {
  /** The session, as the server has it now. May be one that is known already. */
  session(record: SessionRecord): void;
  /** The server has the session no more. */
  expired(): void;
  /** Whether news now arrive by themselves. */
  listening(isListening: boolean): void;
}

/** How often to ask while there is no stream, in milliseconds. */
const WITHOUT_STREAM_MS = 5_000;
/** How often to ask beside a stream: it may have died without a trace. */
const BESIDE_STREAM_MS = 60_000;
/** The pause before a stream is opened again that a proxy or a server has refused: doubled each time up to the longest. */
const FIRST_REOPEN_MS = 1_000;
const LONGEST_REOPEN_MS = 30_000;
/** Pauses are up to this part shorter or longer, so that clients do not come all at once. */
const JITTER = 0.2;
/** `EventSource.CLOSED`: it does not come back by itself. */
const CLOSED = 2;

/** Follows a session until it is closed. */
export class News {
  readonly #platform: Platform;
  readonly #address: SessionAddress;
  readonly #reader: NewsReader;
  readonly #ended = new AbortController();
  #stream: EventStream | undefined;
  #isListening = false;
  #failures = 0;
  #isAsking = false;
  #cancelAsking: () => void = nothing;
  #cancelOpening: () => void = nothing;

  constructor(platform: Platform, address: SessionAddress, reader: NewsReader) {
    this.#platform = platform;
    this.#address = address;
    this.#reader = reader;
    this.#open();
    this.#askLater();
  }

  /** Whether news arrive by themselves, as far as is known. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Makes sure of what is known: the network was away, or the machine asleep, and a stream may have died unnoticed. */
  refresh(): void {
    if (!this.#ended.signal.aborted) {
      this.#open();
      void this.#ask();
    }
  }

  /** Follows no more. */
  close(): void {
    this.#ended.abort();
    this.#cancelAsking();
    this.#cancelOpening();
    this.#stream?.close();
    this.#stream = undefined;
  }

  /** Opens a stream, in place of the one that there may be. */
  #open(): void {
    const { EventSource } = this.#platform;
    this.#cancelOpening();
    this.#stream?.close();
    if (EventSource === undefined) {
      return;
    }
    const stream = new EventSource(this.#address.events);
    this.#stream = stream;
    const heard = ({ data }: { readonly data?: string }): void => {
      if (this.#stream === stream) {
        this.#hear(data ?? "");
      }
    };
    stream.addEventListener("session", heard);
    stream.addEventListener("stopped", heard);
    stream.addEventListener("open", () => this.#noteOpen(stream));
    stream.addEventListener("expired", () => this.#expire(stream));
    stream.addEventListener("error", () => this.#fail(stream));
  }

  #noteOpen(stream: EventStream): void {
    if (this.#stream === stream) {
      this.#failures = 0;
      this.#setListening(true);
    }
  }

  #hear(data: string): void {
    const record = parsed(data);
    if (record !== undefined) {
      this.#reader.session(record);
    }
  }

  #expire(stream: EventStream): void {
    if (this.#stream === stream) {
      this.#end();
    }
  }

  /** A stream that broke off comes back by itself, one that was refused does not. */
  #fail(stream: EventStream): void {
    if (this.#stream !== stream) {
      return;
    }
    this.#setListening(false);
    if (stream.readyState === CLOSED) {
      const pauseMs = Math.min(FIRST_REOPEN_MS * 2 ** this.#failures, LONGEST_REOPEN_MS);
      this.#failures += 1;
      this.#cancelOpening();
      this.#cancelOpening = this.#platform.timers.set(() => this.#open(), this.#jittered(pauseMs));
    }
  }

  #setListening(isListening: boolean): void {
    if (this.#isListening !== isListening) {
      this.#isListening = isListening;
      this.#askLater();
      this.#reader.listening(isListening);
    }
  }

  #askLater(): void {
    this.#cancelAsking();
    const pauseMs = this.#jittered(this.#isListening ? BESIDE_STREAM_MS : WITHOUT_STREAM_MS);
    this.#cancelAsking = this.#platform.timers.set(() => void this.#ask(), pauseMs);
  }

  /** Asks for the session. Browsers know its tag, so that they are sent it only if it has changed. */
  async #ask(): Promise<void> {
    if (this.#isAsking) {
      return;
    }
    this.#isAsking = true;
    const { session } = this.#address;
    const { signal } = this.#ended;
    try {
      const record = await request(this.#platform, session, { cache: "no-cache" }, signal);
      if (!signal.aborted) {
        this.#reader.session(record as SessionRecord);
      }
    } catch (error) {
      if (error instanceof ServerError && error.code === "session_not_found" && !signal.aborted) {
        this.#end();
      }
      // Whatever else it is may pass: the next question is the next chance.
    } finally {
      this.#isAsking = false;
    }
    if (!signal.aborted) {
      this.#askLater();
    }
  }

  #end(): void {
    this.close();
    this.#isListening = false;
    this.#reader.listening(false);
    this.#reader.expired();
  }

  #jittered(ms: number): number {
    return ms * (1 + JITTER * (2 * this.#platform.random() - 1));
  }
}

function parsed(data: string): SessionRecord | undefined {
  try {
    return JSON.parse(data) as SessionRecord;
  } catch {
    // Something between the server and here has broken it. The session will be asked for.
    return undefined;
  }
}

function nothing(): void {
  // No timer is set.
}
