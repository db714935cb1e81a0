/** What it costs to compute a state far away. */
import type { Timeline } from "tickseed";

/** The distance between two instants of a measurement, in milliseconds: far enough that nothing computed before helps. */
const STRIDE_MS = 86_400_000 + 1_237;
/** How long a measurement takes at most, in milliseconds, because a browser's clock is coarse. */
const MEASURES_MS = 4;
const TIMES_AT_MOST = 2_000;

/** Returns how long a state at an instant takes on average, in microseconds: the instant itself, and others as far away. */
export function costOf(timeline: Timeline, instant: number): number {
  const begin = performance.now();
  let times = 0;
  do {
    timeline.stateAt(instant + (times % 2) * STRIDE_MS * (1 + (times % 7)));
    times += 1;
  } while (times < TIMES_AT_MOST && performance.now() - begin < MEASURES_MS);
  return ((performance.now() - begin) * 1_000) / times;
}
