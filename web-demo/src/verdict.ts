/** The outcome of the comparisons so far, in words and for machines. */
import { type Agreement, agreeing } from "./agreement.js";
import { clockTime, clockTimeExact, count, counted } from "./words.js";

/** What the page says about the comparison. */
export interface Verdict {
  readonly isGood: boolean;
  readonly words: string;
  readonly details: string;
  readonly data: Readonly<Record<"same" | "players" | "instant" | "checks" | "differences", number>>;
}

/** All comparisons with the server's answers. */
export class Comparisons {
  #checks = 0;
  #differences = 0;
  #last: Agreement | undefined;

  /** Takes in one comparison. */
  add(agreement: Agreement): void {
    this.#last = agreement;
    this.#checks += 1;
    this.#differences += agreement.players.length - agreeing(agreement);
  }

  /** The outcome while the server answers; none before the first comparison. */
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

  /** The outcome while the server is silent: the players can still be compared with each other. */
  verdictWithout(among: Agreement, silentSince: number): Verdict {
    const same = agreeing(among);
    const all = among.players.length;
    const isGood = same === all;
    return {
      isGood,
      words: isGood
        ? `${same} of ${all} players still agree with each other`
        : `Only ${same} of ${all} players agree with each other`,
      details: `No answer to compare with since ${clockTime(silentSince)}. ${isGood ? "" : `${whoDiffers(among)} `}${this.#soFar()}`,
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
