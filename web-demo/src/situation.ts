/** In what situation a player is, in words. */
import type { Player, View } from "./players.js";
import { ago, clockTime, count } from "./words.js";

/** What the words depend on, beside the player. */
export interface Circumstances {
  /** When the session stops or stopped, once the page has heard of it. */
  readonly stoppedAt: number | undefined;
}

/** One line under the player's name. */
export function situation(player: Player, view: View, { stoppedAt }: Circumstances): string {
  const since = ago(view.instant - player.joinedAt);
  switch (player.character.situation) {
    case "late":
      // He is here from the beginning of the page; that he leaves and joins late is to come.
      return player.joinedStep === null
        ? "About to leave, and to join late"
        : `Joined late, ${since}${atStep(player)}`;
    case "offline":
      return stoppedAt === undefined
        ? `Offline since she joined, ${since}`
        : "Was offline, back to hear of the stop";
    case "wrong clock":
      return `Phone says ${clockTime(view.deviceMs)}: 3 h wrong. Corrected once, by /v1/time`;
    case "early":
      return player.joinedStep === null ? "Here since before the start" : `Joined ${since}${atStep(player)}`;
  }
}

function atStep({ joinedStep }: Player): string {
  return joinedStep === null ? "" : `, at step ${count(joinedStep)}`;
}
