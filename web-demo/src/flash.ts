/** How long a break stays highlighted: long enough to be seen at short ticks, but without flicker. */

/** Long enough to notice while looking elsewhere. */
const LONGEST_HIGHLIGHT_MS = 900;
/** Shorter rounds would flash almost three times a second, which can cause seizures. */
const SHORTEST_FLASHING_ROUND_MS = 400;

/** Returns how long to highlight a break; 0 if rounds can be too short to flash safely. */
export function highlightMs(shortestInterval: number, tickMs: number): number {
  const shortestRoundMs = (shortestInterval + 1) * tickMs;
  return shortestRoundMs < SHORTEST_FLASHING_ROUND_MS
    ? 0
    : Math.min(LONGEST_HIGHLIGHT_MS, shortestRoundMs / 2);
}
