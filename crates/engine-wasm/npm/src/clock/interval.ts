/** The numbers from `low` to `high`, in milliseconds. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Returns the smallest interval that contains both. */
export function hull(one: Interval, other: Interval): Interval {
  return { low: Math.min(one.low, other.low), high: Math.max(one.high, other.high) };
}

/** Returns whether the intervals have a number in common. */
export function intersect(one: Interval, other: Interval): boolean {
  return one.low <= other.high && other.low <= one.high;
}

/** Returns the number in the interval nearest to `number`. */
export function clamp(number: number, { low, high }: Interval): number {
  return Math.min(Math.max(number, low), high);
}

/** Returns the middle of an interval. */
export function middle({ low, high }: Interval): number {
  return (low + high) / 2;
}
