/** The clocks of sessions. All sessions of a server on one page share a clock, so that the page asks for the time once. */
import { askOver } from "../clock/ask.js";
import { Clock } from "../clock/clock.js";
import { headerPairs, type Platform, type RequestHeaders } from "../platform.js";

/** A clock, for as long as a session needs it. */
export interface ClockLease {
  readonly clock: Clock;
  /** Gives the clock back. Calling it again has no effect. */
  release(): void;
}

/** The shared clocks by the address they ask and their headers, each with its number of users. */
const shared = new Map<string, { readonly clock: Clock; users: number }>();

/** Creates a clock that asks for the time at an address. */
export function makeClock(platform: Platform, address: string, signal?: AbortSignal): Clock {
  return new Clock({ ...platform, ask: askOver(platform, address), address, signal });
}

/** Returns a clock that closes with its only user. */
export function ownClock(platform: Platform, address: string): ClockLease {
  const clock = makeClock(platform, address);
  return { clock, release: () => clock.close() };
}

/**
 * Returns the page's clock of a server. It closes with its last user.
 *
 * @param headers Those of its requests, as part of the platform. Only sessions with the same headers share a clock.
 */
export function borrowClock(platform: Platform, address: string, headers?: RequestHeaders): ClockLease {
  const key = address + JSON.stringify(headerPairs(headers));
  const known = shared.get(key) ?? { clock: makeClock(platform, address), users: 0 };
  shared.set(key, known);
  known.users += 1;
  let isReleased = false;
  const release = (): void => {
    known.users -= isReleased ? 0 : 1;
    isReleased = true;
    if (known.users === 0) {
      known.clock.close();
      // A new clock may have taken its place.
      if (shared.get(key) === known) {
        shared.delete(key);
      }
    }
  };
  return { clock: known.clock, release };
}
