/** The states that a player has shown, by the machine's clock. It knows nothing of sessions, and compares only those states. */

/** Something that was shown from an instant on, or an answer that belongs to one. */
export interface Sight {
  /** The step; -1 before the start. */
  readonly step: number;
  readonly value: number;
  readonly round: number;
  readonly broken: boolean;
  /** By how much its owner's clock can be wrong, in milliseconds. */
  readonly errorMs: number;
  /** Which version of the session it was computed from. */
  readonly version: string;
}

/** A sight with the time during which it was visible. */
export interface Held extends Sight {
  readonly from: number;
  readonly to: number;
}

/** A sight with the instant in its middle. */
export interface Middle {
  readonly at: number;
  readonly sight: Held;
}

/** How far readings of one clock in two threads can differ, in milliseconds: browsers round it to one. */
export const SLACK_MS = 3;
/** A player's clock runs up to 0.5 % faster or slower while it is corrected, and so ends a step that much sooner or later. */
const SLEWING = 0.006;
/** How long sights are kept, in milliseconds. */
const KEPT_MS = 60_000;

/** The result of a comparison: `undefined` if too little was seen to tell. */
export type Outcome = "same" | "differs" | undefined;

export class History {
  #seen: Held[] = [];

  /** The version of the session that the latest sight was computed from. */
  get version(): string | undefined {
    return this.#seen.at(-1)?.version;
  }

  get latest(): Held | undefined {
    return this.#seen.at(-1);
  }

  /**
   * Adds a sight that is shown from an instant on.
   *
   * @param heldMs How long it will be shown, unless something else comes first.
   * @returns Whether it goes back further than the errors allow, on the same version of the session.
   */
  add(sight: Sight, from: number, heldMs: number | undefined): boolean {
    const last = this.#seen.at(-1);
    const isSameVersion = last?.version === sight.version;
    const isWrong = isSameVersion && last.step > sight.step && this.compare(sight, from, from) === "differs";
    if (last !== undefined) {
      // What a change has put right is no longer claimed. Everything else stays, to be held against the player.
      this.#seen = isSameVersion ? [...this.#recent(from), { ...last, to: Math.min(last.to, from) }] : [];
    }
    const held = heldMs === undefined ? Number.POSITIVE_INFINITY : heldMs * (1 - SLEWING);
    this.#seen.push({ ...sight, from, to: from + held });
    return isWrong;
  }

  /** Returns all sights whose middle lies after one instant and not after another, in order, each with its middle. */
  middlesBetween(after: number, until: number, now: number): readonly Middle[] {
    const first = this.#seen.findLastIndex(({ from, to }) => (from + Math.min(to, now)) / 2 <= after) + 1;
    return this.#seen
      .slice(first)
      .map((sight) => ({ at: (sight.from + Math.min(sight.to, now)) / 2, sight }))
      .filter(({ at }) => at <= until);
  }

  /**
   * Compares somebody else's sight at an instant with this history, within the errors of both.
   *
   * @param now The present: later sights are not compared.
   */
  compare(sight: Sight, at: number, now: number): Outcome {
    if (
      this.#seen.some(
        (own) => own.version === sight.version && own.step === sight.step && isOther(own, sight),
      )
    ) {
      return "differs";
    }
    const isBefore = (own: Held): boolean => own.from <= at - (sight.errorMs + own.errorMs + SLACK_MS);
    const isAfter = (own: Held): boolean =>
      Math.min(own.to, now) >= at + (sight.errorMs + own.errorMs + SLACK_MS);
    const before = this.#seen.findLast(isBefore);
    const after = this.#seen.find(isAfter);
    if ((before?.step ?? sight.step) > sight.step || (after?.step ?? sight.step) < sight.step) {
      return "differs";
    }
    return before === undefined || after === undefined ? undefined : "same";
  }

  /** Drops old sights, except the last of those. The caller takes care of the latest sight. */
  #recent(now: number): Held[] {
    const first = this.#seen.findIndex(({ to }) => to >= now - KEPT_MS);
    return this.#seen.slice(Math.max(0, first), -1);
  }
}

function isOther(one: Sight, other: Sight): boolean {
  return one.value !== other.value || one.round !== other.round || one.broken !== other.broken;
}
