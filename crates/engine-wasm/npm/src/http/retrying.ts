/** Repeats attempts until one succeeds. */
import { onAbort, throwIfAborted } from "../abort.js";
import { call } from "../listeners.js";
import type { Platform } from "../platform.js";
import { type FailedAttempt, mayPass, RetryPauses, retryAfterMs } from "./retry.js";

/** The inputs of {@link retrying}. */
export interface RetryingParts {
  readonly platform: Pick<Platform, "time" | "timers" | "random" | "wakeEvents">;
  readonly signal: AbortSignal | undefined;
  /** For how long attempts are repeated, in milliseconds. The last one may take longer. Default: forever. */
  readonly forMs?: number;
  /** Receives every failed attempt that is followed by another. */
  failed(attempt: FailedAttempt): void;
}

/** The window of the first attempt after a failure, and the longest. */
const RETRY = { firstMs: 1_000, longestMs: 15_000 };

/** Makes attempts until one succeeds, fails with an error that will not pass, or the signal is aborted. */
export async function retrying<Result>(
  attempt: () => Promise<Result>,
  { platform, signal, forMs = Number.POSITIVE_INFINITY, failed }: RetryingParts,
): Promise<Result> {
  const endsAt = platform.time.monotonicMs() + forMs;
  const pauses = new RetryPauses(RETRY, platform.random);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (signal?.aborted === true || !mayPass(error)) {
        throw error;
      }
      const retryInMs = pauses.next(error);
      if (platform.time.monotonicMs() + retryInMs > endsAt) {
        throw error;
      }
      call(() => failed({ error, retryInMs }));
      await pause(retryInMs, retryAfterMs(error) > 0, platform, signal);
    }
  }
}

/** Waits. Ends early when the page or the network is back, unless the server asked for the pause. */
async function pause(
  ms: number,
  isWished: boolean,
  { timers, wakeEvents }: RetryingParts["platform"],
  signal: AbortSignal | undefined,
): Promise<void> {
  const offs: (() => void)[] = [];
  await new Promise<void>((resolve) => {
    const end = (): void => resolve();
    offs.push(timers.set(end, ms), onAbort(signal, end), wakeEvents(isWished ? nothing : end));
  });
  for (const off of offs) {
    off();
  }
  throwIfAborted(signal);
}

function nothing(): void {
  // The server asked for the whole pause.
}
