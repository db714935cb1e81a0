/** The session as the page knows it. The page uses it only for the timeline and the instants of changes; players compute the rest. */
import { type SessionRecord, Timeline } from "tickseed";

import type { Relayed, Shown } from "../player/messages.js";

/** A stretch of time in which the session runs at one pace, is paused, or has stopped. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly kind: "running" | "paused" | "stopped";
}

/** A change of the session that is known. */
export interface KnownChange {
  readonly at: number;
  readonly kind: "pause" | "rate" | "stop";
  /** The length of a tick from then on, in milliseconds; `undefined` for a pause and a stop. */
  readonly tickMs: number | undefined;
}

export class KnownSession {
  readonly address: string;
  readonly timeline: Timeline;
  #record: SessionRecord;
  /** Before this instant nothing changes that the page does not know; `undefined` without a promise. */
  #settledUntil: number | undefined;
  #isGone = false;
  /** When the page heard of the latest version, by `performance.now()`. */
  #heardMs = performance.now();
  readonly #changed: () => void;

  /** @param changed Called once the session is another. */
  constructor(address: string, record: SessionRecord, changed: () => void) {
    this.address = address;
    this.#record = record;
    this.timeline = new Timeline(record);
    this.#changed = changed;
  }

  get record(): SessionRecord {
    return this.#record;
  }

  get settledUntil(): number | undefined {
    return this.#settledUntil;
  }

  /** Whether the server no longer has it. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get heardMs(): number {
    return this.#heardMs;
  }

  /** What tells two versions of the session apart, in the same words as the players'. */
  get version(): string {
    const { revision, schedule, stopped_at } = this.#record;
    return JSON.stringify([revision, schedule, stopped_at ?? null]);
  }

  /** Whether a player computes from another version, and not from a later one that the page has yet to hear of. */
  isNewerThan({ version, revision }: Pick<Shown, "version" | "revision">): boolean {
    return version !== this.version && revision <= this.#record.revision;
  }

  get startsAt(): number {
    return Date.parse(this.#record.start_at);
  }

  get stopsAt(): number | undefined {
    const { stopped_at } = this.#record;
    return stopped_at == null ? undefined : Date.parse(stopped_at);
  }

  /** All changes, in order, the stop last. */
  get changes(): readonly KnownChange[] {
    const { stopsAt } = this;
    const changes = this.#record.schedule
      .map((change): KnownChange => {
        const tickMs = "tick_ms" in change ? change.tick_ms : undefined;
        return { at: Date.parse(change.at), kind: tickMs === undefined ? "pause" : "rate", tickMs };
      })
      .filter(({ at }) => at < (stopsAt ?? Number.POSITIVE_INFINITY));
    return stopsAt === undefined ? changes : [...changes, { at: stopsAt, kind: "stop", tickMs: undefined }];
  }

  /** The length of a tick at an instant, in milliseconds; while it is paused, that of the ticks before. */
  tickMsAt(instant: number): number {
    const past = this.changes.filter(({ at, tickMs }) => at <= instant && tickMs !== undefined);
    return past.at(-1)?.tickMs ?? this.#record.tick_ms;
  }

  /** Takes an event of the page's stream. */
  hear(relayed: Relayed): void {
    if (!("event" in relayed)) {
      return;
    }
    const { type, event } = relayed;
    if (type === "expired" || type === "deleted") {
      this.end();
    } else if (type === "settled") {
      this.#settledUntil = Date.parse(
        (JSON.parse(event.data ?? "{}") as { settled_until?: string }).settled_until ?? "",
      );
    } else {
      this.take(JSON.parse(event.data ?? "{}") as SessionRecord);
    }
  }

  /** Takes a newer version of the session. */
  take(record: SessionRecord): void {
    if (record.id === this.#record.id && record.revision >= this.#record.revision) {
      const before = this.version;
      this.timeline.update(record);
      this.#record = record;
      if (this.version !== before) {
        this.#heardMs = performance.now();
        this.#changed();
      }
    }
  }

  /** Notes that the server no longer has the session. */
  end(): void {
    this.#isGone = true;
    this.#changed();
  }

  close(): void {
    this.timeline.free();
  }
}
