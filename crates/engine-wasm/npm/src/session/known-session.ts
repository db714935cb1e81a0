/** A session as the server last had it, as far as this page knows. */
import type { ClockReading } from "../clock/clock.js";
import { EngineError } from "../engine/error.js";
import { milliseconds } from "../engine/instant.js";
import type { BreakInterval, ScheduleChange } from "../engine/session.js";
import { Timeline } from "../engine/timeline.js";
import type { SessionRecord } from "../http/schemas.js";
import type { SessionAnswer } from "../http/session-answer.js";
import { Losses } from "./losses.js";

const NEVER = Number.POSITIVE_INFINITY;

/** The first instants at which two versions of a session differ, or infinity. */
export interface Difference {
  /** The earlier one of two different stops. */
  readonly stop: number;
  /** The first change that only one of them has. */
  readonly schedule: number;
}

/** The errors of a session that a later version of the package would understand. */
const UNSUPPORTED: readonly string[] = ["engine_version", "unknown_requirement"];

/** How many entity tags of a record are remembered: some server may give it another one with each answer. */
const TAGS_KEPT = 8;

/** The latest record of a session, and its timeline. */
export class KnownSession {
  readonly timeline: Timeline;
  #record: SessionRecord;
  /** All entity tags that the record has had, the latest last. There are several, because its status is a part of it. */
  readonly #etags = new Set<string>();
  readonly #losses: Losses;

  constructor(answer: SessionAnswer, reading: ClockReading) {
    this.#losses = new Losses(reading);
    this.timeline = new Timeline(answer.record);
    this.#record = answer.record;
    this.#addTag(answer);
  }

  get record(): SessionRecord {
    return this.#record;
  }

  /** The latest entity tag. */
  get etag(): string | undefined {
    return [...this.#etags].at(-1);
  }

  /** The instant of the stop, or infinity. */
  get stop(): number {
    return stopOf(this.#record);
  }

  /** Whether the last version that came was an earlier one, which may mean that the server has lost changes. */
  get isInDoubt(): boolean {
    return this.#losses.isInDoubt;
  }

  /** Returns whether an entity tag belongs to the record. */
  hasTag(etag: string): boolean {
    return this.#etags.has(etag);
  }

  /**
   * Takes a new version of the session. Ignores damaged ones, and older ones, which come from caches, unless the server has lost
   * changes.
   *
   * @param changesWereLost Whether the server says that it has.
   * @returns Where it differs from the version before; `undefined` if it was ignored.
   * @throws {@link EngineError} for a session that this version of the package does not support.
   */
  take(answer: SessionAnswer, changesWereLost: boolean, reading: ClockReading): Difference | undefined {
    const known = this.#record;
    const { record } = answer;
    if (identity(record) !== identity(known)) {
      return undefined;
    }
    const isOlder = record.revision < known.revision && !changesWereLost;
    if (isOlder && !this.#losses.isLossProvenBy(answer, reading)) {
      return undefined;
    }
    if (withoutStatus(record) === withoutStatus(known)) {
      this.#losses.confirmed();
    } else if (this.#update(record)) {
      this.#losses.replaced(reading);
      this.#etags.clear();
    } else {
      return undefined;
    }
    this.#record = record;
    this.#addTag(answer);
    return difference(known, record);
  }

  /** Makes the timeline that of another record. Returns `false` for a damaged record. */
  #update(record: SessionRecord): boolean {
    try {
      this.timeline.update(record);
      return true;
    } catch (error) {
      if (error instanceof EngineError && UNSUPPORTED.includes(error.code)) {
        throw error;
      }
      return false;
    }
  }

  #addTag({ etag }: SessionAnswer): void {
    if (etag !== "") {
      // A set keeps the order in which its members were first added.
      this.#etags.delete(etag);
      this.#etags.add(etag);
      if (this.#etags.size > TAGS_KEPT) {
        const [oldest = ""] = this.#etags;
        this.#etags.delete(oldest);
      }
    }
  }
}

/** Returns what never changes about a session. A record in which it has changed is damaged, or belongs to another session. */
function identity({ id, seed, start_at, tick_ms, rules }: SessionRecord): string {
  const { break_interval, rounds_per_epoch } = (rules ?? {}) as Partial<SessionRecord["rules"]>;
  const { min, max } = (break_interval ?? {}) as Partial<BreakInterval>;
  return JSON.stringify([id, seed, Date.parse(start_at), tick_ms, min, max, rounds_per_epoch]);
}

/** Returns what distinguishes versions of a session. Its status follows from the time. */
function withoutStatus(record: SessionRecord): string {
  return JSON.stringify({ ...record, status: undefined });
}

function difference(known: SessionRecord, newer: SessionRecord): Difference {
  const [before, after] = [stopOf(known), stopOf(newer)];
  return {
    stop: before === after ? NEVER : Math.min(before, after),
    schedule: scheduleDifference(known.schedule ?? [], newer.schedule ?? []),
  };
}

function stopOf({ stopped_at }: SessionRecord): number {
  return stopped_at == null ? NEVER : milliseconds("stopped_at", stopped_at);
}

function scheduleDifference(known: readonly ScheduleChange[], newer: readonly ScheduleChange[]): number {
  const length = Math.max(known.length, newer.length);
  for (let index = 0; index < length; index += 1) {
    const [before, after] = [known[index], newer[index]];
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      return Math.min(beginOf(before), beginOf(after));
    }
  }
  return NEVER;
}

/** Returns when a change takes effect; never, if it is missing. */
function beginOf(change: ScheduleChange | undefined): number {
  return change === undefined ? NEVER : milliseconds("schedule", change.at);
}
