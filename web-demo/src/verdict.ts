/** The result of the comparisons so far, as text and as data. */
import { type Agreement, agreeing } from "./agreement.js";
import { clockTime, clockTimeExact, count, counted } from "./words.js";

/** The result as the page shows it. */
export interface Verdict {
  readonly isGood: boolean;
  readonly words: string;
  readonly details: string;
  readonly data: Readonly<Record<"same" | "players" | "instant" | "checks" | "differences", number>>;
}

/** All comparisons with the server's states. */
export class Comparisons {
  #checks = 0;
  #differences = 0;
  #last: Agreement | undefined;

  /** Adds one comparison. */
  add(agreement: Agreement): void {
    this.#last = agreement;
    this.#checks += 1;
    this.#differences += agreement.players.length - agreeing(agreement);
  }

  /** Returns the result while the server answers, or undefined before the first comparison. */
  verdict(): Verdict | undefined {
    const last = this.#last;
    if (last === undefined) {
      return undefined;
    }
    const same = agreeing(last);
    const all = last.players.length;
    const isGood = same === all;
    return {
      isGood,
      words: isGood
        ? `${same} of ${all} players computed the same as the server`
        : `Only ${same} of ${all} players computed the same as the server`,
      details: isGood ? `${this.#lastOne(last)} ${this.#soFar()}` : `${whoDiffers(last)} ${this.#soFar()}`,
      data: this.#data(last, same),
    };
  }

  /** Returns the result while the server is silent, comparing the players with each other. */
  verdictWithout(among: Agreement, silentSince: number): Verdict {
    const same = agreeing(among);
    const all = among.players.length;
    const isGood = same === all;
    return {
      isGood,
      words: isGood
        ? `${same} of ${all} players still agree with each other`
        : `Only ${same} of ${all} players agree with each other`,
      details: `Nothing to compare with since ${clockTime(silentSince)}. ${isGood ? "" : `${whoDiffers(among)} `}${this.#soFar()}`,
      data: this.#data(among, same),
    };
  }

  #data(agreement: Agreement, same: number): Verdict["data"] {
    return {
      same,
      players: agreement.players.length,
      instant: agreement.instant,
      checks: this.#checks,
      differences: this.#differences,
    };
  }

  #lastOne({ instant, expected }: Agreement): string {
    return `At ${clockTimeExact(instant)}: step ${count(expected.step)}, value ${count(expected.value)}.`;
  }

  #soFar(): string {
    return `${counted(this.#checks, "check")} so far, ${counted(this.#differences, "difference")}.`;
  }
}

function whoDiffers({ expected, players }: Agreement): string {
  const differing = players
    .filter(({ agrees }) => !agrees)
    .map(({ name, state }) => `${name}: step ${state.step}, value ${state.value}`);
  return `Expected step ${expected.step}, value ${expected.value}; ${differing.join("; ")}.`;
}
