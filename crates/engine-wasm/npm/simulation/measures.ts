/** What was measured in the sessions of a scenario. */
import type { Breach, Promised } from "./promises.js";

/** Many numbers, of which percentiles are wanted. */
export class Series {
  #numbers: Float64Array = new Float64Array(1_024);
  #count = 0;
  #isSorted = true;

  static of(numbers: Float64Array): Series {
    const series = new Series();
    series.#numbers = numbers;
    series.#count = numbers.length;
    series.#isSorted = false;
    return series;
  }

  get count(): number {
    return this.#count;
  }

  add(number: number): void {
    if (this.#count === this.#numbers.length) {
      const longer = new Float64Array(2 * this.#count);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[this.#count] = number;
    this.#count += 1;
    this.#isSorted = false;
  }

  /** The smallest number that at least such a part of all are not above. */
  percentile(percent: number): number | undefined {
    if (!this.#isSorted) {
      this.#numbers.subarray(0, this.#count).sort();
      this.#isSorted = true;
    }
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#count));
    return this.#count === 0 ? undefined : this.#numbers[rank - 1];
  }

  /** All numbers, in any order. */
  get numbers(): Float64Array {
    return this.#numbers.slice(0, this.#count);
  }
}

/**
 * When errors are measured: at each sync, before what it tells is shown; a second later; at random instants with a network; at
 * the end of an outage.
 */
export const MOMENTS = ["sync", "settled", "random", "offline"] as const;
export type Moment = (typeof MOMENTS)[number];

/** Whose errors are measured: the clock's, and those of what pages do without it. */
export const KINDS = ["clock", "timesync", "single"] as const;
export type Kind = (typeof KINDS)[number];

/** A broken promise, and how to see it again. */
export interface FoundBreach extends Breach {
  readonly scenario: string;
  readonly seed: number;
}

/** Of each promise. Enough to look into; all are counted. */
const MOST_BREACHES_KEPT = 20;

/** Series by name: `sync clock`, `random single`, `bound sync`, `ready`, `regained` and so on. In milliseconds. */
export type SeriesName = `${Moment} ${Kind}` | `bound ${Moment}` | "ready" | "regained";

/** What is counted. */
export interface Counts {
  sessions: number;
  syncs: number;
  questions: number;
  readings: number;
  /** Readings at random instants that said they were not synced, and so are in no series. */
  unsynced: number;
  awakeMs: number;
}

/** What goes from one thread to another. */
export interface MeasuresData {
  readonly counts: Counts;
  readonly series: readonly (readonly [SeriesName, Float64Array])[];
  readonly broken: readonly (readonly [Promised, number])[];
  readonly breaches: readonly FoundBreach[];
}

/** The measures of a scenario. */
export class Measures {
  readonly counts: Counts = { sessions: 0, syncs: 0, questions: 0, readings: 0, unsynced: 0, awakeMs: 0 };
  readonly #series = new Map<SeriesName, Series>();
  /** How often each promise was broken. */
  readonly broken = new Map<Promised, number>();
  readonly breaches: FoundBreach[] = [];

  static of(data: MeasuresData): Measures {
    const measures = new Measures();
    Object.assign(measures.counts, data.counts);
    for (const [name, numbers] of data.series) {
      measures.#series.set(name, Series.of(numbers));
    }
    for (const [promised, count] of data.broken) {
      measures.broken.set(promised, count);
    }
    measures.breaches.push(...data.breaches);
    return measures;
  }

  get data(): MeasuresData {
    return {
      counts: this.counts,
      series: [...this.#series].map(([name, series]) => [name, series.numbers] as const),
      broken: [...this.broken],
      breaches: this.breaches,
    };
  }

  series(name: SeriesName): Series {
    const known = this.#series.get(name);
    if (known !== undefined) {
      return known;
    }
    const series = new Series();
    this.#series.set(name, series);
    return series;
  }

  addBreach(breach: FoundBreach): void {
    const count = (this.broken.get(breach.promised) ?? 0) + 1;
    this.broken.set(breach.promised, count);
    if (count <= MOST_BREACHES_KEPT) {
      this.breaches.push(breach);
    }
  }

  get breachCount(): number {
    return [...this.broken.values()].reduce((sum, count) => sum + count, 0);
  }
}
