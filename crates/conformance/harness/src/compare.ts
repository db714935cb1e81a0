/** Finds where two programs diverge. */

/** Returns the digest over a number of states. */
export type DigestSource = (states: number) => Promise<string>;

/** Digests by the number of states. */
export type Digests = ReadonlyMap<number, string>;

/** A range of states that contains a difference: the digests over `equal` states agree, those over `different` states do not. */
export interface Divergence {
  readonly equal: number;
  readonly different: number;
}

/** Compares digests with the expected ones as they arrive, fewest states first. */
export class Comparison {
  readonly #expected: Digests;
  #equal = 0;
  #compared = 0;

  constructor(expected: Digests) {
    this.#expected = expected;
  }

  /** The number of digests for which there was an expected one. */
  get compared(): number {
    return this.#compared;
  }

  /** Returns the divergence if this digest is not the expected one. */
  add(states: number, digest: string): Divergence | undefined {
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

/** Finds the first state, counted from 0, on which two programs differ, by binary search. */
export async function firstDifference(
  one: DigestSource,
  other: DigestSource,
  { equal, different }: Divergence,
): Promise<number> {
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
