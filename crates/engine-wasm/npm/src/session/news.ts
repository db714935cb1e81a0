/**
 * What becomes of a session: its stop, and its end. By server-sent events; where there are none, or while they are silent, by
 * asking for the session again, which costs a 304.
 */
import type { SessionAddress } from "../http/address.js";
import { isSessionRecord } from "../http/api.js";
import { ServerError } from "../http/error.js";
import { ask } from "../http/request.js";
import type { SessionRecord } from "../http/schemas.js";
import type { EventStream, Platform } from "../platform.js";
import { takeTurn } from "./turns.js";

/** Who is told. */
export interface NewsReader {
  /** The session, as the server has it now. May be one that is known already. */
  session(record: SessionRecord): void;
  /** Whether what the server answers from now on is for good. */
  isFinal(): boolean;
  /** The server has answered for good. */
  final(): void;
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
  #isClosed = false;
  #stream: EventStream | undefined;
  #isListening = false;
  #failures = 0;
  /** The question under way. */
  #question: AbortController | undefined;
  /** Lets another session of this page have its stream. */
  #giveTurn: () => void = nothing;
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
    this.#open();
    void this.#ask();
  }

  /** Follows no more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelAsking();
    this.#cancelOpening();
    this.#question?.abort();
    this.#question = undefined;
    this.#stream?.close();
    this.#stream = undefined;
    this.#giveTurn();
    this.#giveTurn = nothing;
    this.#isListening = false;
  }

  /** Opens a stream, in place of the one that there may be. */
  #open(): void {
    const { EventSource } = this.#platform;
    this.#cancelOpening();
    this.#stream?.close();
    this.#stream = undefined;
    this.#setListening(false);
    // Whoever is told that may close.
    if (EventSource === undefined || this.#isClosed || !this.#takeTurn(EventSource)) {
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

  /** Whether this session may have a stream: browsers allow few connections to a server, and a stream holds one for ever. */
  #takeTurn(EventSource: object): boolean {
    if (this.#giveTurn === nothing) {
      this.#giveTurn = takeTurn(EventSource, new URL(this.#address.events).origin) ?? nothing;
    }
    return this.#giveTurn !== nothing;
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
    if (stream.readyState === CLOSED && !this.#isClosed) {
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
    if (this.#isClosed || this.#question !== undefined) {
      return;
    }
    const pauseMs = this.#jittered(this.#isListening ? BESIDE_STREAM_MS : WITHOUT_STREAM_MS);
    this.#cancelAsking = this.#platform.timers.set(() => void this.#ask(), pauseMs);
  }

  /** Asks for the session, in place of a question that may be under way: the network that it left by may be gone. */
  async #ask(): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    this.#cancelAsking();
    this.#question?.abort();
    const question = new AbortController();
    this.#question = question;
    const learn = await this.#answer(question.signal);
    if (this.#question === question) {
      this.#question = undefined;
      this.#askLater();
      learn();
      this.#openIfTurn();
    }
  }

  /** A session that had a stream may be gone, so that this one can have its. */
  #openIfTurn(): void {
    if (this.#giveTurn === nothing && !this.#isClosed) {
      this.#open();
    }
  }

  /** What to do with the answer. Browsers know the session's tag, so that they are sent it only if it has changed. */
  async #answer(signal: AbortSignal): Promise<() => void> {
    try {
      // What counts is when it was asked: an answer may have been on its way for long.
      const isFinal = this.#reader.isFinal();
      const init = { cache: "no-cache" } as const;
      const { answer, isFromMemory } = await ask(this.#platform, this.#address.session, init, signal);
      return isSessionRecord(answer) ? () => this.#learn(answer, isFinal && !isFromMemory) : nothing;
    } catch (error) {
      const isGone = error instanceof ServerError && error.code === "session_not_found";
      // Whatever else it is may pass: the next question is the next chance.
      return isGone ? () => this.#end() : nothing;
    }
  }

  #learn(record: SessionRecord, isFinal: boolean): void {
    this.#reader.session(record);
    // Whoever was told may have closed.
    if (isFinal && !this.#isClosed && this.#reader.isFinal()) {
      this.#leave();
      this.#reader.final();
    }
  }

  #end(): void {
    this.#leave();
    this.#reader.expired();
  }

  /** Closes, and says that no more news come. */
  #leave(): void {
    const wasListening = this.#isListening;
    this.close();
    if (wasListening) {
      this.#reader.listening(false);
    }
  }

  #jittered(ms: number): number {
    return ms * (1 + JITTER * (2 * this.#platform.random() - 1));
  }
}

/** What something between the server and here has broken is left out. The session will be asked for. */
function parsed(data: string): SessionRecord | undefined {
  try {
    const record: unknown = JSON.parse(data);
    return isSessionRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function nothing(): void {
  // No timer is set, or nothing was learned.
}
