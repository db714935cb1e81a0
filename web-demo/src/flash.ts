/** For how long a break is shown as news, so that it is seen even if the tick is short, and nothing ever flickers. */

/** Long enough to be seen by somebody who was looking elsewhere. */
const LONGEST_NEWS_MS = 900;
/** Shorter rounds would come close to three flashes a second, which can cause seizures. */
const SHORTEST_FLASHING_ROUND_MS = 400;

/** How long a break is news; 0 if rounds can be too short for any flash. */
export function newsMs(shortestInterval: number, tickMs: number): number {
  const shortestRoundMs = (shortestInterval + 1) * tickMs;
  return shortestRoundMs < SHORTEST_FLASHING_ROUND_MS ? 0 : Math.min(LONGEST_NEWS_MS, shortestRoundMs / 2);
}
