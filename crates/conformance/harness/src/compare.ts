/** Where two programs part. */

/** Tells the digest of so many states. */
export type Ask = (states: number) => Promise<string>;

/** Digests by the number of states. */
export type Digests = ReadonlyMap<number, string>;

/** Digests over `equal` states are equal, those over `different`, which are more, are not. */
export interface Parting {
  readonly equal: number;
  readonly different: number;
}

/** Compares digests with those that are expected as they come, those over fewer states first. */
export class Comparison {
  readonly #expected: Digests;
  #equal = 0;
  #compared = 0;

  constructor(expected: Digests) {
    this.#expected = expected;
  }

  /** How many digests there was something to compare with. */
  get compared(): number {
    return this.#compared;
  }

  /** Where the two part, if this digest is the first that is another one. */
  take(states: number, digest: string): Parting | undefined {
    const expected = this.#expected.get(states);
    if (expected === undefined) {
      return undefined;
    }
    if (expected !== digest) {
      return { equal: this.#equal, different: states };
    }
    this.#equal = states;
    this.#compared += 1;
    return undefined;
  }
}

/** The first state, counted from 0, that two programs differ in: the number of states is halved until there is but one. */
export async function firstDifference(one: Ask, other: Ask, { equal, different }: Parting): Promise<number> {
  let [from, to] = [equal, different];
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    const [left, right] = await Promise.all([one(middle), other(middle)]);
    if (left === right) {
      from = middle;
    } else {
      to = middle;
    }
  }
  return from;
}
