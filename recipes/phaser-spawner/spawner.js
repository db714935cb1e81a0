/** Which enemies there are at any moment. Nothing is remembered from frame to frame, so any moment can be shown at once. */

/** How long an enemy takes to cross the screen, in steps. */
export const CROSSING_STEPS = 60;

export const LANES = 8;

const KINDS = ["bat", "ghost", "spider"];

/** Returns the enemies of a moment: all that a step spawned and that have not crossed the screen yet. */
export function enemiesAt(timeline, step, fraction = 0) {
  const enemies = [];
  for (let born = Math.max(0, step - CROSSING_STEPS + 1); born <= step; born += 1) {
    const enemy = spawn(timeline, born);
    if (enemy !== undefined) {
      enemies.push({ ...enemy, progress: (step - born + fraction) / CROSSING_STEPS });
    }
  }
  return enemies;
}

/** Returns the enemy that a step spawns, if any. It depends on the session and the step only: everyone gets the same. */
function spawn(timeline, step) {
  const dice = timeline.draw(step, "enemies");
  const enemy = dice.chance(0.15)
    ? { id: step, lane: dice.below(LANES), kind: dice.pick(KINDS) }
    : undefined;
  // The loop above draws often: the draws must not pile up until garbage collection.
  dice.free();
  return enemy;
}
