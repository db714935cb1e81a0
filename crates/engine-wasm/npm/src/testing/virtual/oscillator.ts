/**
 * The oscillator of a machine. Its rate is off by a drift, which wanders slowly with temperature, and which NTP may change
 * suddenly.
 *
 * A drift of `d` ppm means that 1 + d / 1,000,000 true milliseconds pass while the oscillator counts one. It never exceeds 500.
 */
import type { Rng } from "./random.js";

export const MOST_DRIFT_PPM = 500;

/** The behaviour of an oscillator's rate. */
export interface DriftTraits {
  /** The drift at the beginning. */
  readonly ppm: number;
  /** The standard deviation of the slow wander around that. */
  readonly wanderPpm: number;
  /** The mean time between sudden changes to a drift within ±500 ppm, in milliseconds; 0 for none. */
  readonly changesEveryMs: number;
}

/** The correlation time of the wander. */
const WANDER_MEMORY_MS = 900_000;
/** The mean time for which the rate is constant. */
const PIECE_MS = 5_000;

/** Counts milliseconds. Times of readings must not decrease. */
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

  /** The drift at the last reading. */
  get ppm(): number {
    return this.#ppm;
  }

  readAt(time: number): number {
    this.#advance(time);
    return this.#counted + Math.max(0, time - this.#pieceAt) / (1 + this.#ppm / 1e6);
  }

  /** Stands still from one time to another. */
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

  /** Draws the rate of the next piece. Returns the length of that piece. */
  #change(): number {
    const rng = this.#rng;
    const { wanderPpm, changesEveryMs } = this.#traits;
    const memory = Math.exp(-PIECE_MS / WANDER_MEMORY_MS);
    this.#wander = memory * this.#wander + Math.sqrt(1 - memory ** 2) * wanderPpm * rng.normal();
    if (changesEveryMs > 0 && rng.chance(PIECE_MS / changesEveryMs)) {
      this.#base = rng.between(-MOST_DRIFT_PPM, MOST_DRIFT_PPM);
    }
    this.#ppm = Math.min(MOST_DRIFT_PPM, Math.max(-MOST_DRIFT_PPM, this.#base + this.#wander));
    // An irregular length, so that changes do not coincide with other events.
    return PIECE_MS * rng.between(0.5, 1.5);
  }
}

/** Draws the drift of a machine: half of all machines drift by less than 78 ppm. */
export function usualDriftPpm(rng: Rng): number {
  for (;;) {
    const ppm = (78 / 0.6745) * rng.normal();
    if (Math.abs(ppm) <= MOST_DRIFT_PPM) {
      return ppm;
    }
  }
}
