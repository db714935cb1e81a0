/** Reads what the programs have measured. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Lines of fields that are separated by tabs. */
export type Lines = readonly (readonly string[])[];

/** The folder with the measurements. */
export class Raw {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  text(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8").trim();
  }

  lines(file: string): Lines {
    return parsed(this.text(file));
  }

  /** Reads what is known of the run of a part. */
  about(part: string): ReadonlyMap<string, string> {
    return new Map(this.lines(`${part}.about.tsv`).map(([name = "", value = ""]) => [name, value]));
  }

  /** Reads the cases that were measured at several steps. */
  cases(file: string): Cases {
    return new Cases(this.lines(file));
  }
}

export function parsed(text: string): Lines {
  return text.split("\n").map((line) => line.split("\t"));
}

/** The times of calls, by name and step, in nanoseconds and in the order of the rounds. */
export class Cases {
  readonly #times = new Map<string, Map<number, readonly number[]>>();

  constructor(lines: Lines) {
    for (const [name = "", step = "", ...times] of lines) {
      const steps = this.#times.get(name) ?? new Map<number, readonly number[]>();
      this.#times.set(name, steps.set(Number(step), times.map(Number)));
    }
  }

  get names(): readonly string[] {
    return [...this.#times.keys()];
  }

  steps(name: string): readonly number[] {
    return [...(this.#times.get(name)?.keys() ?? [])];
  }

  /** Throws if the case was not measured. */
  times(name: string, step: number): readonly number[] {
    const times = this.#times.get(name)?.get(step);
    if (times === undefined) {
      throw new Error(`"${name}" was not measured at step ${step}`);
    }
    return times;
  }

  /** Returns the ratios of two cases, one for each round: under the same load of the machine. */
  ratios(one: readonly [string, number], other: readonly [string, number]): readonly number[] {
    const base = this.times(...other);
    return this.times(...one).map((time, round) => time / (base[round] ?? Number.NaN));
  }
}
