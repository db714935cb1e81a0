/** Follows a session's clock and the wake events of its page. */
import type { Clock, ClockReading } from "../clock/clock.js";
import type { WakeEvents } from "../clock/inputs.js";
import type { SessionWatcher } from "./watcher.js";

/** What follows them. */
export interface ClockFollower {
  readonly clock: Clock;
  readonly wakeEvents: WakeEvents;
  readonly watcher: SessionWatcher;
  /** Checks the time, after it may have jumped. */
  check(): void;
  /** Reports that the clock was compared with the server's time. */
  synced(reading: ClockReading): void;
}

/**
 * Checks the time whenever it may have jumped, and refreshes the watcher after a possible outage. Returns functions that end
 * this.
 */
export function watchClock({ clock, wakeEvents, watcher, check, synced }: ClockFollower): (() => void)[] {
  let wasSilent = false;
  return [
    clock.on("silence", () => {
      wasSilent = true;
    }),
    clock.on("sync", (reading) => {
      if (wasSilent) {
        wasSilent = false;
        watcher.refresh();
      }
      check();
      synced(reading);
    }),
    wakeEvents((event) => {
      check();
      if (event === "woken" || !watcher.isListening) {
        watcher.refresh();
      }
    }),
  ];
}
