/** The rules of the game, which follow from the session alone. */

/** How long bets are open at the beginning of each round, in ticks. The session's shortest interval must be longer. */
export const BETTING_TICKS = 50;

/** By how much the factor grows in a tick. */
const GROWTH = 1.01;

/** Returns whether bets are open, given the value that the counter has reached. */
export function areBetsOpen(value) {
  return value < BETTING_TICKS;
}

/** Returns the factor of a round after some ticks; `fraction` is the part of the current tick that has passed. */
export function factorAt(value, fraction = 0) {
  return GROWTH ** Math.max(0, value + fraction - BETTING_TICKS);
}

/** Returns the factor at which a round crashed. */
export function crashOf({ interval }) {
  return factorAt(interval);
}
