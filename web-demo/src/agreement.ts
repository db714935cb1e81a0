/** Whether everybody computed the same for the same instant. */
import type { State } from "tickseed";

/** Somebody who can be asked for the state at any instant. */
export interface Computing {
  readonly name: string;
  stateAt(instant: number): State;
}

/** The outcome of one comparison. */
export interface Agreement {
  /** The instant that everybody was asked about. */
  readonly instant: number;
  readonly expected: State;
  readonly players: readonly { readonly name: string; readonly state: State; readonly agrees: boolean }[];
}

/** Compares what players compute for an instant with what is expected. */
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

/** How many agree. */
export function agreeing({ players }: Agreement): number {
  return players.filter(({ agrees }) => agrees).length;
}

/** Whether two states are the same in everything that players see. */
export function sameState(one: State, other: State): boolean {
  return (
    one.step === other.step &&
    one.value === other.value &&
    one.round === other.round &&
    one.broken === other.broken
  );
}
