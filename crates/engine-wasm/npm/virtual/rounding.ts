/** How browsers make their clocks coarse. */
import { unitOf } from "./random.js";

/** A way to round a clock. */
export interface Rounding {
  /** Readings are multiples of this, in milliseconds; 0 leaves them as they are. */
  readonly grainMs: number;
  /** Each multiple is reached at a random moment within the grain before it, so that half of all readings are ahead. */
  readonly fuzzed: boolean;
}

/** Rounds a reading. The secret decides the moments; readings never go backward. */
export function rounded(ms: number, { grainMs, fuzzed }: Rounding, secret: number): number {
  if (grainMs === 0) {
    return ms;
  }
  const grains = Math.floor(ms / grainMs);
  const up = fuzzed && ms / grainMs - grains >= unitOf(secret, grains);
  return (up ? grains + 1 : grains) * grainMs;
}
