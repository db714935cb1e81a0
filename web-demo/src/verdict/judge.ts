/** The verdict: whether all players show the same, as far as they claim to be exact, and who is wrong if they do not. */
import { History, type Outcome, type Sight, SLACK_MS } from "./history.js";

export type { Sight };

/** A player who shows something else than the others, or than the server. */
export interface Culprit {
  readonly player: string;
  /** Since when, by the machine's clock. */
  readonly since: number;
  /** What the player showed, and what it should have shown. */
  readonly showed: Sight | undefined;
  readonly expected: Sight | undefined;
}

/** An answer of the server. */
export interface Answer {
  readonly sight: Sight;
  /** The instant that it belongs to, by the machine's clock. */
  readonly at: number;
}

/** How many comparisons were made. */
export interface Counts {
  readonly amongPlayers: number;
  readonly withServer: number;
  readonly differences: number;
}

export interface Judgement {
  readonly culprits: readonly Culprit[];
  /** Players that differ without anybody knowing who is right. */
  readonly quarrel: readonly string[];
  /** Players that have not heard of the latest change, or do not know the time well enough to be compared. */
  readonly left: readonly string[];
  /** How many players were compared with each other just now. */
  readonly compared: number;
  /** How exactly, in milliseconds: the widest of the windows. */
  readonly withinMs: number;
  readonly counts: Counts;
  /** The last answer of the server that was compared; `undefined` if there is none. */
  readonly lastAnswerAt: number | undefined;
}

/** A player that shows nothing new for this long is not compared: it sleeps. */
const SILENT_MS = 2_500;
/** How long an answer of the server waits until every player was seen around its instant, in milliseconds. */
const ANSWER_WAITS_MS = 30_000;

interface Check {
  readonly at: number;
  readonly outcome: Exclude<Outcome, undefined>;
}

/** Everything that is known of a player. */
interface Defendant {
  history: History;
  seenMs: number;
  /** The result of the last comparison with the server. */
  check: Check | undefined;
  wrongSince: number | undefined;
}

export class Judge {
  readonly #players = new Map<string, Defendant>();
  #answers: Answer[] = [];
  #lastAnswer: Answer | undefined;
  #counts = { amongPlayers: 0, withServer: 0, differences: 0 };
  #suspectSince: number | undefined;

  /** A player shows something from an instant on. */
  see(player: string, sight: Sight, from: number, heldMs: number | undefined): void {
    const known = this.#players.get(player) ?? newDefendant();
    this.#players.set(player, known);
    known.history.add(sight, from, heldMs);
    known.seenMs = from;
  }

  forget(player: string): void {
    this.#players.delete(player);
  }

  /** The server has answered for an instant. */
  answered(answer: Answer): void {
    this.#answers.push(answer);
    this.#lastAnswer = answer;
  }

  /** Since when there is a difference that the server has not been asked about. */
  get unaskedSince(): number | undefined {
    const since = this.#suspectSince;
    return since === undefined || (this.#lastAnswer?.at ?? 0) > since ? undefined : since;
  }

  /** Compares everybody with everybody, and with the answers of the server. */
  decide(now: number): Judgement {
    this.#compareWithServer(now);
    const awake = [...this.#players].filter(([, { seenMs }]) => now - seenMs < SILENT_MS);
    const pairs = this.#compareAll(awake, now);
    const differing = pairs.filter(({ outcome }) => outcome === "differs");
    const wrong = this.#wrong(awake, pairs);
    this.#suspectSince = differing.length > 0 ? (this.#suspectSince ?? now) : undefined;
    const culprits = awake.flatMap(([player, known]) => this.#culprit(player, known, wrong.has(player), now));
    const compared = new Set(pairs.flatMap(({ outcome, one, other }) => (outcome ? [one, other] : [])));
    return {
      culprits,
      quarrel: culprits.length > 0 ? [] : [...new Set(differing.flatMap(({ one, other }) => [one, other]))],
      left: awake.map(([player]) => player).filter((player) => awake.length > 1 && !compared.has(player)),
      compared: compared.size,
      withinMs: Math.max(0, ...pairs.map(({ withinMs }) => withinMs)),
      counts: this.#counts,
      lastAnswerAt: this.#lastAnswer?.at,
    };
  }

  #compareAll(awake: readonly (readonly [string, Defendant])[], now: number): readonly Pair[] {
    return awake.flatMap(([one, { history }]) =>
      awake
        .filter(([other]) => other !== one)
        .map(([other, known]) => this.#pair(one, history, other, known, now)),
    );
  }

  /** Compares the newest sight of one player that the other was seen around. */
  #pair(one: string, history: History, other: string, known: Defendant, now: number): Pair {
    const theirs = known.history;
    const withinMs = (history.latest?.errorMs ?? 0) + (theirs.latest?.errorMs ?? 0);
    if (history.version !== theirs.version) {
      return { one, other, outcome: undefined, withinMs: 0 };
    }
    for (const { at, sight } of history.middlesBefore(now - withinMs - SLACK_MS, now)) {
      const outcome = theirs.compare(sight, at, now);
      if (outcome !== undefined) {
        this.#counts = { ...this.#counts, amongPlayers: this.#counts.amongPlayers + 1 };
        this.#countDifference(outcome);
        return { one, other, outcome, withinMs };
      }
    }
    return { one, other, outcome: undefined, withinMs: 0 };
  }

  #compareWithServer(now: number): void {
    this.#answers = this.#answers.filter((answer) => {
      const waiting = [...this.#players.values()].filter((known) => !this.#check(known, answer, now));
      return waiting.length > 0 && now - answer.at < ANSWER_WAITS_MS;
    });
  }

  /** Compares a player with an answer. Returns whether that is done. */
  #check(known: Defendant, { sight, at }: Answer, now: number): boolean {
    if ((known.check?.at ?? 0) >= at || known.history.version !== sight.version) {
      return true;
    }
    const outcome = known.history.compare(sight, at, now);
    if (outcome === undefined) {
      return false;
    }
    known.check = { at, outcome };
    this.#counts = { ...this.#counts, withServer: this.#counts.withServer + 1 };
    this.#countDifference(outcome);
    return true;
  }

  #countDifference(outcome: Outcome): void {
    const differences = this.#counts.differences + (outcome === "differs" ? 1 : 0);
    this.#counts = { ...this.#counts, differences };
  }

  /** Returns who is wrong: whoever the server contradicts and, until it was asked, whoever the others outnumber. */
  #wrong(awake: readonly (readonly [string, Defendant])[], pairs: readonly Pair[]): Set<string> {
    const byServer = awake.filter(([, { check }]) => check?.outcome === "differs").map(([player]) => player);
    const isAsked = (this.#lastAnswer?.at ?? 0) > (this.#suspectSince ?? Number.POSITIVE_INFINITY);
    if (isAsked && byServer.length > 0) {
      return new Set(byServer);
    }
    const outnumbered = awake.map(([player]) => player).filter((player) => isOutnumbered(player, pairs));
    return new Set([...byServer, ...outnumbered]);
  }

  #culprit(player: string, known: Defendant, isWrong: boolean, now: number): readonly Culprit[] {
    if (!isWrong) {
      known.wrongSince = undefined;
      return [];
    }
    known.wrongSince ??= now;
    return [
      {
        player,
        since: known.wrongSince,
        showed: known.history.latest,
        expected: this.#expected(player, known),
      },
    ];
  }

  /** Returns what somebody else shows who is not wrong. */
  #expected(player: string, known: Defendant): Sight | undefined {
    const right = [...this.#players].find(
      ([other, { wrongSince, history }]) =>
        other !== player && wrongSince === undefined && history.version === known.history.version,
    );
    return right?.[1].history.latest ?? this.#lastAnswer?.sight;
  }
}

interface Pair {
  readonly one: string;
  readonly other: string;
  readonly outcome: Outcome;
  readonly withinMs: number;
}

/** Returns whether a player differs from at least two others, and from more than it agrees with. */
function isOutnumbered(player: string, pairs: readonly Pair[]): boolean {
  const against = new Set<string>();
  const met = new Set<string>();
  for (const { one, other, outcome } of pairs) {
    if (outcome !== undefined && (one === player || other === player)) {
      const them = one === player ? other : one;
      met.add(them);
      if (outcome === "differs") {
        against.add(them);
      }
    }
  }
  return against.size >= 2 && against.size > met.size - against.size;
}

function newDefendant(): Defendant {
  return { history: new History(), seenMs: 0, check: undefined, wrongSince: undefined };
}
