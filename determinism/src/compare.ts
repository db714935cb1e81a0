/** Where two programs part. */

/** Tells the digest of so many states. */
export type Ask = (states: number) => Promise<string>;

/**
 * The first state, counted from 0, that two programs differ in. Digests over its predecessors are equal, and those over
 * it are not; the number of states is halved until there is but one.
 *
 * @param equal A number of states whose digests are equal.
 * @param different A larger number, whose digests are not.
 */
export async function firstDifference(
  one: Ask,
  other: Ask,
  equal: number,
  different: number,
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

/** Digests by the number of states. */
export type Digests = ReadonlyMap<number, string>;

/** The numbers of states between which two programs part; `undefined` if they agree wherever both were asked. */
export function parting(one: Digests, other: Digests): { equal: number; different: number } | undefined {
  const both = [...one.keys()].filter((states) => other.has(states)).sort((a, b) => a - b);
  const different = both.find((states) => one.get(states) !== other.get(states));
  if (different === undefined) {
    return undefined;
  }
  return { equal: Math.max(0, ...both.filter((states) => states < different)), different };
}
