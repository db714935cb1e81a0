/** A player's situation in words. */
import type { Player, View } from "./players.js";
import { ago, clockTime, count } from "./words.js";

/** What the words depend on besides the player. */
export interface Circumstances {
  /** When the session stops or stopped, if the page has heard of a stop. */
  readonly stoppedAt: number | undefined;
  /** Whether the pace of the session has ever been changed. */
  readonly hasChanged: boolean;
}

/** Returns the line under the player's name. */
export function situation(player: Player, view: View, { stoppedAt, hasChanged }: Circumstances): string {
  const since = ago(view.instant - player.joinedAt);
  switch (player.character.situation) {
    case "late":
      // This player is present from the start, then leaves and rejoins late.
      return player.joinedStep === null
        ? "About to leave and rejoin late"
        : `Joined late, ${since}${atStep(player)}`;
    case "offline":
      if (stoppedAt !== undefined) {
        return "Was offline, back online for the stop";
      }
      return hasChanged ? "Was offline, online again for each change" : `Joined ${since}, offline ever since`;
    case "wrong clock":
      return `Phone shows ${clockTime(view.deviceMs)}, 3 h off. Corrected once, from /v1/time`;
    case "early":
      return player.joinedStep === null ? "Joined before the start" : `Joined ${since}${atStep(player)}`;
  }
}

function atStep({ joinedStep }: Player): string {
  return joinedStep === null ? "" : `, at step ${count(joinedStep)}`;
}
