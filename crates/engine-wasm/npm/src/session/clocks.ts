/** Sessions of one server have one clock together: the server is asked for the time once for all of a page. */
import { askOver } from "../clock/ask.js";
import { Clock } from "../clock/clock.js";
import type { Platform } from "../platform.js";

/** A clock for as long as it is needed. */
export interface BorrowedClock {
  readonly clock: Clock;
  /** Tells that it is not needed any more. Telling it again does nothing. */
  giveBack(): void;
}

/** By where they ask, with how many need each. */
const shared = new Map<string, { readonly clock: Clock; users: number }>();

/** Makes a clock that asks at an address. */
export function makeClock(platform: Platform, address: string, signal?: AbortSignal): Clock {
  return new Clock({ ...platform, ask: askOver(platform, address), address, signal });
}

/** A clock that ends with its only user. */
export function ownClock(platform: Platform, address: string): BorrowedClock {
  const clock = makeClock(platform, address);
  return { clock, giveBack: () => clock.close() };
}

/** The page's clock of a server. It ends with its last user. */
export function borrowClock(platform: Platform, address: string): BorrowedClock {
  const known = shared.get(address) ?? { clock: makeClock(platform, address), users: 0 };
  shared.set(address, known);
  known.users += 1;
  let isGivenBack = false;
  const giveBack = (): void => {
    known.users -= isGivenBack ? 0 : 1;
    isGivenBack = true;
    if (known.users === 0) {
      known.clock.close();
      // Another may have taken its place.
      if (shared.get(address) === known) {
        shared.delete(address);
      }
    }
  };
  return { clock: known.clock, giveBack };
}
