/**
 * What a machine counts time by. Its rate is off by a drift, which wanders slowly as the machine warms up and cools down, and
 * which NTP may change from one moment to the next.
 *
 * A drift of `d` ppm means that 1 + d / 1,000,000 true milliseconds pass while one is counted. At most 500, whatever
 * happens.
 */
import type { Rng } from "./random.js";

export const MOST_DRIFT_PPM = 500;

/** How the rate of an oscillator behaves. */
export interface DriftTraits {
  /** At the beginning. */
  readonly ppm: number;
  /** The standard deviation of the slow wander around it. */
  readonly wanderPpm: number;
  /** How often the rate changes suddenly, to any in +-500 ppm; 0 for never. In milliseconds, the mean. */
  readonly changesEveryMs: number;
}

/** After which time the wander has mostly forgotten where it was. */
const WANDER_MEMORY_MS = 900_000;
/** The rate is constant for so long. */
const PIECE_MS = 5_000;

/** Counts milliseconds. Can be read at any time that is not before the last. */
export class Oscillator {
  readonly #traits: DriftTraits;
  readonly #rng: Rng;
  #base: number;
  #wander: number;
  #ppm: number;
  #pieceAt = 0;
  #pieceEnd = 0;
  #counted: number;

  constructor(traits: DriftTraits, counted: number, rng: Rng) {
    this.#traits = traits;
    this.#rng = rng;
    this.#base = traits.ppm;
    this.#wander = traits.wanderPpm * rng.normal();
    this.#ppm = this.#base;
    this.#counted = counted;
  }

  /** The drift at the time that was read last. */
  get ppm(): number {
    return this.#ppm;
  }

  readAt(time: number): number {
    this.#advance(time);
    return this.#counted + Math.max(0, time - this.#pieceAt) / (1 + this.#ppm / 1e6);
  }

  /** Stands still for some time. */
  stop(from: number, to: number): void {
    this.#counted = this.readAt(from);
    this.#pieceAt = to;
    this.#pieceEnd = to;
  }

  #advance(time: number): void {
    while (time >= this.#pieceEnd) {
      this.#counted += (this.#pieceEnd - this.#pieceAt) / (1 + this.#ppm / 1e6);
      this.#pieceAt = this.#pieceEnd;
      const length = this.#change();
      this.#pieceEnd += length;
    }
  }

  /** Draws the rate of the next piece. Returns for how long it holds. */
  #change(): number {
    const rng = this.#rng;
    const { wanderPpm, changesEveryMs } = this.#traits;
    const kept = Math.exp(-PIECE_MS / WANDER_MEMORY_MS);
    this.#wander = kept * this.#wander + Math.sqrt(1 - kept ** 2) * wanderPpm * rng.normal();
    if (changesEveryMs > 0 && rng.chance(PIECE_MS / changesEveryMs)) {
      this.#base = rng.between(-MOST_DRIFT_PPM, MOST_DRIFT_PPM);
    }
    this.#ppm = Math.min(MOST_DRIFT_PPM, Math.max(-MOST_DRIFT_PPM, this.#base + this.#wander));
    // Not on a grid that anything else is on.
    return PIECE_MS * rng.between(0.5, 1.5);
  }
}

/** The drift of some machine: half of all machines are off by less than 78 ppm. */
export function usualDriftPpm(rng: Rng): number {
  for (;;) {
    const ppm = (78 / 0.6745) * rng.normal();
    if (Math.abs(ppm) <= MOST_DRIFT_PPM) {
      return ppm;
    }
  }
}
