/** The sparks of a break, for any moment after it. */

/** For how many ticks they fly. */
export const FLIGHT_TICKS = 15;
const COUNT = 24;
const RADIUS = 200;

/**
 * Returns where the sparks are. The value counts the ticks since the last break, so no event is needed: a page that opens in the
 * middle shows the middle.
 */
export function sparksAt(session, { step, value, round, fraction }) {
  const age = (value + fraction) / FLIGHT_TICKS;
  // Before the start of round 1 nothing has broken.
  if (round === 0 || age >= 1) {
    return [];
  }
  const dice = session.draw(step - value, "sparks");
  const sparks = Array.from({ length: COUNT }, () => spark(dice.unit(), dice.unit(), age));
  dice.free();
  return sparks;
}

function spark(direction, speed, age) {
  const [angle, distance] = [2 * Math.PI * direction, RADIUS * (0.3 + 0.7 * speed) * age];
  return { x: distance * Math.cos(angle), y: distance * Math.sin(angle), alpha: 1 - age };
}
