/** The verdict: whether all players show the same state, as far as they claim to be exact, and which of them are wrong if not. */
import { History, type Outcome, type Sight, SLACK_MS } from "./history.js";

export type { Sight };

/** A player that contradicts the others or the server. */
export interface Culprit {
  readonly player: string;
  /** Since when, by the machine's clock. */
  readonly since: number;
  /** The state that the player showed, and the state that it should have shown. */
  readonly showed: Sight | undefined;
  readonly expected: Sight | undefined;
}

/** An answer of the server. */
export interface Answer {
  readonly sight: Sight;
  /** The instant that it belongs to, by the machine's clock. */
  readonly at: number;
}

/** A comparison of a player with an answer of the server. */
export interface Check {
  /** The instant that the answer belongs to, by the machine's clock. */
  readonly at: number;
  readonly outcome: Exclude<Outcome, undefined>;
  /** Which version of the session both were computed from. */
  readonly version: string;
}

/** How many comparisons were made. */
export interface Counts {
  readonly amongPlayers: number;
  readonly withServer: number;
  readonly differences: number;
}

export interface Judgement {
  readonly culprits: readonly Culprit[];
  /** Players that differ while it is unknown which of them is right. */
  readonly quarrel: readonly string[];
  /** Players that have not heard of the latest change, or do not know the time well enough to be compared. */
  readonly left: readonly string[];
  /** Players that show something. */
  readonly awake: readonly string[];
  /** How many players were compared with each other just now. */
  readonly compared: number;
  /** How exactly, in milliseconds: the widest of the windows. */
  readonly withinMs: number;
  readonly counts: Counts;
  /** The last comparison of the server with a player that was compared just now, or is the only one awake. */
  readonly check: Check | undefined;
  /** The last comparison of the server with any player. */
  readonly lastCheck: Check | undefined;
}

/** A player that shows nothing new for this long is not compared: it sleeps. */
const SILENT_MS = 2_500;
/** How long an answer of the server waits until every player was seen around its instant, in milliseconds. */
const ANSWER_WAITS_MS = 30_000;

/** A sight with a larger error is compared without waiting for the sights after it, in milliseconds. */
const WAITED_FOR_MS = 15_000;
/** For how long a player stays named that was wrong for a moment, in milliseconds. */
const HELD_MS = 3_000;
/** For how long the result of a comparison holds without another, in milliseconds. */
const REMEMBERED_MS = 1_500;

/** Everything that is known of a player. */
interface Defendant {
  history: History;
  seenMs: number;
  /** The result of the last comparison with the server. */
  check: Check | undefined;
  /** When it last went back to an earlier step than its own error allows. */
  wentBackAt: number | undefined;
  wrongSince: number | undefined;
  /** When it was last found to be wrong. */
  wrongUntil: number;
  /** For each of the others: the instant up to which the two were compared, and the result. */
  readonly comparedTo: Map<string, number>;
  readonly results: Map<string, { readonly pair: Pair; readonly at: number }>;
}

export class Judge {
  readonly #players = new Map<string, Defendant>();
  #answers: Answer[] = [];
  #lastAnswer: Answer | undefined;
  #lastCheck: Check | undefined;
  #counts = { amongPlayers: 0, withServer: 0, differences: 0 };
  #suspectSince: number | undefined;

  /** A player shows something from an instant on. */
  see(player: string, sight: Sight, from: number, heldMs: number | undefined): void {
    const known = this.#players.get(player) ?? newDefendant();
    this.#players.set(player, known);
    if (known.history.add(sight, from, heldMs)) {
      known.wentBackAt = from;
      this.#counts = { ...this.#counts, differences: this.#counts.differences + 1 };
    }
    known.seenMs = from;
  }

  forget(player: string): void {
    this.#players.delete(player);
    for (const { comparedTo, results } of this.#players.values()) {
      comparedTo.delete(player);
      results.delete(player);
    }
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
    const wrong = new Set([...this.#wrong(awake, pairs), ...wentBack(awake, now)]);
    this.#suspectSince = differing.length > 0 ? (this.#suspectSince ?? now) : undefined;
    const culprits = awake.flatMap(([player, known]) => this.#culprit(player, known, wrong.has(player), now));
    const compared = new Set(pairs.flatMap(({ outcome, one, other }) => (outcome ? [one, other] : [])));
    const standing = awake.filter(([player]) => awake.length === 1 || compared.has(player));
    return {
      culprits,
      quarrel: culprits.length > 0 ? [] : [...new Set(differing.flatMap(({ one, other }) => [one, other]))],
      left: awake.map(([player]) => player).filter((player) => awake.length > 1 && !compared.has(player)),
      awake: awake.map(([player]) => player),
      compared: compared.size,
      withinMs: Math.max(0, ...pairs.map(({ withinMs }) => withinMs)),
      counts: this.#counts,
      check: latest(standing.map(([, { check }]) => check)),
      lastCheck: this.#lastCheck,
    };
  }

  #compareAll(awake: readonly (readonly [string, Defendant])[], now: number): readonly Pair[] {
    return awake.flatMap(([one, mine]) =>
      awake
        .filter(([other]) => other !== one)
        .map(([other, known]) => this.#pair(one, mine, other, known, now)),
    );
  }

  /** Compares all sights of one player since the last comparison with the sights of the other around them. */
  #pair(one: string, known: Defendant, other: string, them: Defendant, now: number): Pair {
    const [history, theirs] = [known.history, them.history];
    const withinMs = (history.latest?.errorMs ?? 0) + (theirs.latest?.errorMs ?? 0);
    if (history.version !== theirs.version) {
      return { one, other, outcome: undefined, withinMs: 0 };
    }
    const after = known.comparedTo.get(other) ?? Number.NEGATIVE_INFINITY;
    let outcome: Outcome;
    for (const { at, sight } of history.middlesBetween(after, now - withinMs - SLACK_MS, now)) {
      const result = theirs.compare(sight, at, now);
      const isEarly = at + sight.errorMs + (theirs.latest?.errorMs ?? 0) + SLACK_MS > now;
      if (result === undefined && isEarly && sight.errorMs < WAITED_FOR_MS) {
        break;
      }
      if (result !== undefined) {
        known.comparedTo.set(other, at);
        this.#count("amongPlayers", result);
        outcome = outcome === "differs" ? outcome : result;
      }
    }
    return this.#remembered({ one, other, outcome, withinMs }, known, now);
  }

  /** A pair whose players have shown nothing new keeps its last result for a while. */
  #remembered(pair: Pair, known: Defendant, now: number): Pair {
    if (pair.outcome !== undefined) {
      known.results.set(pair.other, { pair, at: now });
      return pair;
    }
    const last = known.results.get(pair.other);
    return last !== undefined && now - last.at < REMEMBERED_MS ? last.pair : pair;
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
    known.check = { at, outcome, version: sight.version };
    this.#lastCheck = latest([this.#lastCheck, known.check]);
    this.#count("withServer", outcome);
    return true;
  }

  #count(what: "amongPlayers" | "withServer", outcome: Outcome): void {
    const differences = this.#counts.differences + (outcome === "differs" ? 1 : 0);
    this.#counts = { ...this.#counts, differences, [what]: this.#counts[what] + 1 };
  }

  /** Returns the players that are wrong: those that the server contradicts and, until it is asked, those that the others outnumber. */
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
    if (isWrong) {
      known.wrongSince ??= now;
      known.wrongUntil = now;
    }
    const isCleared = known.check?.outcome === "same" && known.check.at > known.wrongUntil;
    if (known.wrongSince === undefined || (!isWrong && (isCleared || now - known.wrongUntil > HELD_MS))) {
      known.wrongSince = undefined;
      return [];
    }
    return [
      {
        player,
        since: known.wrongSince,
        showed: known.history.latest,
        expected: this.#expected(player, known),
      },
    ];
  }

  /** Returns the latest sight of another player that is not wrong. */
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

/** Returns the players that have lately contradicted themselves. That needs no other player. */
function wentBack(awake: readonly (readonly [string, Defendant])[], now: number): readonly string[] {
  return awake
    .filter(([, { wentBackAt }]) => wentBackAt !== undefined && now - wentBackAt < REMEMBERED_MS)
    .map(([player]) => player);
}

function latest(checks: readonly (Check | undefined)[]): Check | undefined {
  return checks.reduce((last, check) => ((check?.at ?? 0) > (last?.at ?? 0) ? check : last), undefined);
}

function newDefendant(): Defendant {
  return {
    history: new History(),
    seenMs: 0,
    check: undefined,
    wentBackAt: undefined,
    wrongSince: undefined,
    wrongUntil: Number.NEGATIVE_INFINITY,
    comparedTo: new Map(),
    results: new Map(),
  };
}
