/** Measurements from the sessions of a scenario. */
import type { Breach, PromiseName } from "./promises.js";

/** Many numbers, with percentiles. */
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

  /** Returns the smallest number such that at least `percent` of all numbers are not above it. */
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
 * When errors are measured: at each sync, before the correction is displayed; a second later; at random instants while online; at
 * the end of an outage.
 */
export const MOMENTS = ["sync", "settled", "random", "offline"] as const;
export type Moment = (typeof MOMENTS)[number];

/** Whose errors are measured: the clock's and those of the baselines. */
export const KINDS = ["clock", "timesync", "single"] as const;
export type Kind = (typeof KINDS)[number];

/** A broken promise, and the session that reproduces it. */
export interface FoundBreach extends Breach {
  readonly scenario: string;
  readonly seed: number;
}

/** The number of breaches stored for each promise. All are counted. */
const MOST_BREACHES = 20;

/** Series by name: `sync clock`, `random single`, `bound sync`, `ready`, `regained` and so on. In milliseconds. */
export type SeriesName = `${Moment} ${Kind}` | `bound ${Moment}` | "ready" | "regained";

/** Counts over all sessions. */
export interface Counts {
  sessions: number;
  syncs: number;
  requests: number;
  readings: number;
  /** Readings at random instants while not synced, which are in no series. */
  unsynced: number;
  awakeMs: number;
}

/** Measurements in a form that can be passed between threads. */
export interface MeasuresData {
  readonly counts: Counts;
  readonly series: readonly (readonly [SeriesName, Float64Array])[];
  readonly broken: readonly (readonly [PromiseName, number])[];
  readonly breaches: readonly FoundBreach[];
}

/** The measurements of a scenario. */
export class Measures {
  readonly counts: Counts = { sessions: 0, syncs: 0, requests: 0, readings: 0, unsynced: 0, awakeMs: 0 };
  readonly #series = new Map<SeriesName, Series>();
  /** How often each promise was broken. */
  readonly broken = new Map<PromiseName, number>();
  readonly breaches: FoundBreach[] = [];

  static of(data: MeasuresData): Measures {
    const measures = new Measures();
    Object.assign(measures.counts, data.counts);
    for (const [name, numbers] of data.series) {
      measures.#series.set(name, Series.of(numbers));
    }
    for (const [promise, count] of data.broken) {
      measures.broken.set(promise, count);
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
    const count = (this.broken.get(breach.promise) ?? 0) + 1;
    this.broken.set(breach.promise, count);
    if (count <= MOST_BREACHES) {
      this.breaches.push(breach);
    }
  }

  get breachCount(): number {
    return [...this.broken.values()].reduce((sum, count) => sum + count, 0);
  }
}
