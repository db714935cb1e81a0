/** Compares what players computed for the same instant. */
import type { State } from "tickseed";

/** A player that computes the state at any instant. */
export interface Computing {
  readonly name: string;
  stateAt(instant: number): State;
}

/** The outcome of one comparison. */
export interface Agreement {
  /** The instant that was compared. */
  readonly instant: number;
  readonly expected: State;
  readonly players: readonly { readonly name: string; readonly state: State; readonly agrees: boolean }[];
}

/** Compares the players' states at an instant with the expected state. */
export function compare(expected: State, instant: number, players: readonly Computing[]): Agreement {
  return {
    instant,
    expected,
    players: players.map((player) => {
      const state = player.stateAt(instant);
      return { name: player.name, state, agrees: sameState(state, expected) };
    }),
  };
}

/** Counts the players that agree. */
export function agreeing({ players }: Agreement): number {
  return players.filter(({ agrees }) => agrees).length;
}

/** Returns whether two states are equal in everything that players see. */
export function sameState(one: State, other: State): boolean {
  return (
    one.step === other.step &&
    one.value === other.value &&
    one.round === other.round &&
    one.broken === other.broken
  );
}
