/** How browsers reduce the resolution of their clocks. */
import { unitOf } from "./random.js";

/** A way to round a clock. */
export interface Rounding {
  /** Readings are multiples of this, in milliseconds; 0 leaves them unrounded. */
  readonly resolutionMs: number;
  /** Whether the clock reaches each multiple at a random earlier moment, so that half of all readings are ahead. */
  readonly fuzzed: boolean;
}

/** Rounds a reading. The secret decides the random moments. Readings never go backward. */
export function rounded(ms: number, { resolutionMs, fuzzed }: Rounding, secret: number): number {
  if (resolutionMs === 0) {
    return ms;
  }
  const steps = Math.floor(ms / resolutionMs);
  const up = fuzzed && ms / resolutionMs - steps >= unitOf(secret, steps);
  return (up ? steps + 1 : steps) * resolutionMs;
}
