/** Follows a session's clock and the wake events of its page. */
import type { ClockReading } from "../clock/clock.js";
import type { ClockView } from "../clock/view.js";
import type { FailedAttempt } from "../http/retry.js";
import type { Platform } from "../platform.js";
import type { SessionWatcher } from "./watcher.js";

/** What follows them. */
export interface ClockFollower {
  readonly clock: ClockView;
  readonly platform: Pick<Platform, "wakeEvents" | "timers" | "random">;
  readonly watcher: SessionWatcher;
  /** Checks the time, after it may have jumped. */
  check(): void;
  /** Reports that the clock was compared with the server's time. */
  sync(reading: ClockReading): void;
  /** Reports that `clock.synced` has turned. */
  synced(isSynced: boolean): void;
  /** Reports that a request for the time failed. */
  failed(failure: FailedAttempt): void;
}

/**
 * After an outage, the watcher is refreshed at a random moment within this time, in milliseconds: the server may have been down
 * for everybody.
 */
const REFRESH_WITHIN_MS = 1_000;

/**
 * Checks the time whenever it may have jumped, and refreshes the watcher after a possible outage. Returns functions that end
 * this.
 */
export function watchClock(follower: ClockFollower): (() => void)[] {
  const { clock, platform, watcher } = follower;
  let wasSilent = false;
  let cancelRefresh = nothing;
  return [
    clock.on("error", (failure) => {
      wasSilent = true;
      follower.failed(failure);
    }),
    clock.on("sync", (reading) => {
      if (wasSilent) {
        wasSilent = false;
        cancelRefresh();
        cancelRefresh = platform.timers.set(() => watcher.refresh(), platform.random() * REFRESH_WITHIN_MS);
      }
      follower.check();
      follower.sync(reading);
    }),
    clock.on("synced", (isSynced) => follower.synced(isSynced)),
    platform.wakeEvents((event) => {
      follower.check();
      if (event === "woken" || !watcher.isListening) {
        watcher.refresh();
      }
    }),
    () => cancelRefresh(),
  ];
}

function nothing(): void {
  // No refresh is planned.
}
