/** The bench of the judge: brings it the players' states and the server's answers, and keeps its verdict. */
import type { SessionRecord } from "tickseed";

import type { Seat } from "../board/seat.js";
import { machineNow } from "../machine-time.js";
import type { Relayed, Shown } from "../player/messages.js";
import type { KnownSession } from "../session/known-session.js";
import { Asking } from "./asking.js";
import { type Check, type Culprit, Judge, type Judgement } from "./judge.js";
import { Watching } from "./watching.js";

/** The verdict: `unknown` while nobody can be asked. */
export type VerdictKind = "agree" | "disagree" | "unknown";

/** How often the judge decides, in milliseconds. */
const DECIDES_EVERY_MS = 250;
/** How long a change may take to reach a player that is online, in milliseconds. */
const HEARS_WITHIN_MS = 5_000;
/** How long it may take to reach one that is deaf: the longest pause between two of its requests, and some more. */
const ASKS_WITHIN_MS = 75_000;
/** How long the page may know less than a player before it reads the session again, and how often it tries, in milliseconds. */
const CATCHES_UP_MS = 500;
const READS_EVERY_MS = 3_000;
/** For how long a comparison with the server counts, in milliseconds: three questions at the usual pace. */
export const CHECKED_FOR_MS = 30_000;

/** How long a player has played before the server is asked about it, in milliseconds. */
const PLAYS_FIRST_MS = 700;

const WATCHING = new Watching();

export class Bench {
  readonly asking: Asking;
  seats: readonly Seat[] = [];
  readonly #session: KnownSession;
  readonly #judge = new Judge();
  readonly #changed: () => void;
  readonly #caughtUp: (record: SessionRecord) => void;
  #judgement: Judgement;
  #decidedMs = 0;
  #isAsking = false;
  #silentSince: number | undefined;
  #answeredAt: number | undefined;
  /** Since when players lack a change that should have reached them. */
  readonly #behindSince = new Map<string, number>();
  /** Since when the page itself lacks a change that a player knows, and when it last read the session. */
  #outdatedSince: number | undefined;
  #readMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /** @param caughtUp Receives the session when the page has had to read it again. */
  constructor(
    server: string,
    session: KnownSession,
    changed: () => void,
    caughtUp: (record: SessionRecord) => void,
  ) {
    this.#caughtUp = caughtUp;
    this.asking = new Asking(server);
    this.#session = session;
    this.#changed = changed;
    this.#judgement = this.#judge.decide(machineNow());
    WATCHING.touch();
  }

  get judgement(): Judgement {
    return this.#judgement;
  }

  get isAsking(): boolean {
    return this.#isAsking;
  }

  get isWatched(): boolean {
    return WATCHING.isWatched;
  }

  /** Since when the server does not answer, as a wall clock; `undefined` while it does. */
  get silentSince(): number | undefined {
    return this.#silentSince;
  }

  /** When the server last answered, as a wall clock; `undefined` if it has not been asked. */
  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  /** All players that are wrong, including those that lack a change that should have reached them. */
  get culprits(): readonly Culprit[] {
    const { culprits } = this.#judgement;
    const known = new Set(culprits.map(({ player }) => player));
    const behind = [...this.#behindSince]
      .filter(([player]) => !known.has(player))
      .map(([player, since]) => ({ player, since, showed: undefined, expected: undefined }));
    return [...culprits, ...behind];
  }

  get kind(): VerdictKind {
    const { awake, compared, counts, quarrel } = this.#judgement;
    if (this.culprits.length > 0 || quarrel.length > 0) {
      return "disagree";
    }
    if (this.#silentSince !== undefined || counts.withServer === 0 || this.#session.isGone) {
      return "unknown";
    }
    const isAloneAndRight = awake.length === 1 && this.serverAgrees;
    return compared >= 2 || isAloneAndRight ? "agree" : "unknown";
  }

  /** Whether the server was compared lately, on the present version of the session, and showed the same. */
  get serverAgrees(): boolean {
    const { check } = this.#judgement;
    return check?.outcome === "same" && this.isPresent(check) && machineNow() - check.at < CHECKED_FOR_MS;
  }

  /** Whether a comparison was about the present version of the session. */
  isPresent({ version }: Check): boolean {
    return version === this.#session.version;
  }

  see(
    seat: Seat,
    { step, value, round, broken, started, errorMs, version, from, heldMs, ...shown }: Shown,
  ): void {
    const held = started ? heldMs : shown.startsInMs;
    this.#judge.see(
      seat.id,
      { step: started ? step : -1, value, round, broken, errorMs, version },
      from,
      held,
    );
  }

  forget(seat: Seat): void {
    this.#judge.forget(seat.id);
    this.#behindSince.delete(seat.id);
  }

  /**
   * Asks the server whether it is there, because the page's own stream has been lost or has come back. While nobody watches, a
   * stream that breaks again and again must not become a poll.
   */
  hear(relayed: Relayed): void {
    const isLost = relayed.type === "error";
    if (WATCHING.isWatched && (isLost || (relayed.type === "open" && this.#silentSince !== undefined))) {
      void this.ask();
    }
  }

  tick(): void {
    const now = machineNow();
    if (now - this.#decidedMs < DECIDES_EVERY_MS) {
      return;
    }
    this.#decidedMs = now;
    this.#judgement = this.#judge.decide(now);
    this.#noteBehind(now);
    this.#catchUp(now);
    const isInDoubt = this.#judge.unaskedSince !== undefined || this.kind === "disagree";
    if (WATCHING.isDue(isInDoubt || this.#isUnchecked) && this.seats.some((seat) => hasPlayed(seat, now))) {
      void this.ask();
    } else if (!WATCHING.isWatched) {
      this.asking.rest();
    }
  }

  /** Whether no player could be compared with an answer yet, or none since the session changed a moment ago. */
  get #isUnchecked(): boolean {
    const { check, counts } = this.#judgement;
    const isNew = performance.now() - this.#session.heardMs < CHECKED_FOR_MS;
    return counts.withServer === 0 || (isNew && !(check !== undefined && this.isPresent(check)));
  }

  /** Asks the server now. */
  async ask(): Promise<void> {
    if (this.#isAsking || this.#isClosed || this.#session.isGone) {
      return;
    }
    this.#isAsking = true;
    WATCHING.noteAsked();
    this.#changed();
    try {
      this.#judge.answered(await this.asking.ask(this.#session));
      this.#silentSince = undefined;
      this.#answeredAt = Date.now();
    } catch (error) {
      this.#fail(error);
    }
    this.#isAsking = false;
    this.#changed();
  }

  #fail(error: unknown): void {
    if ((error as { code?: string }).code === "session_not_found") {
      // The stream says so too, unless it is blocked.
      this.#session.end();
    } else {
      this.#silentSince ??= Date.now();
    }
    this.asking.rest();
  }

  close(): void {
    this.#isClosed = true;
    this.asking.rest();
  }

  /** Notes the players that lack the latest change although nothing keeps it away. */
  #noteBehind(now: number): void {
    const heardMs = performance.timeOrigin + this.#session.heardMs;
    for (const { id, shown, reachableSinceMs, isDeaf } of this.seats) {
      const since = Math.max(heardMs, reachableSinceMs ?? Number.POSITIVE_INFINITY);
      const withinMs = isDeaf ? ASKS_WITHIN_MS : HEARS_WITHIN_MS;
      if (
        shown !== undefined &&
        this.#session.isNewerThan(shown) &&
        now - since > withinMs &&
        now - shown.from < HEARS_WITHIN_MS
      ) {
        this.#behindSince.set(id, this.#behindSince.get(id) ?? now);
      } else {
        this.#behindSince.delete(id);
      }
    }
  }

  /** Reads the session again if a player knows more than the page, whose stream may be blocked. */
  #catchUp(now: number): void {
    const { revision } = this.#session.record;
    const isOutdated = this.seats.some(({ shown }) => shown !== undefined && shown.revision > revision);
    this.#outdatedSince = isOutdated ? (this.#outdatedSince ?? now) : undefined;
    const isDue =
      this.#outdatedSince !== undefined &&
      now - this.#outdatedSince > CATCHES_UP_MS &&
      now - this.#readMs > READS_EVERY_MS;
    if (isDue && WATCHING.isWatched) {
      this.#readMs = now;
      this.asking.read(this.#session).then(this.#caughtUp, (error: unknown) => this.#fail(error));
    }
  }
}

/** Returns whether a player has shown enough to be compared. */
function hasPlayed({ joinedInMs, startedMs }: Seat, now: number): boolean {
  return joinedInMs !== undefined && now - startedMs - joinedInMs > PLAYS_FIRST_MS;
}
