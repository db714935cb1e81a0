/** A delay in milliseconds: a fixed time, plus a random time up to as much again. */
export interface Delay {
  readonly fixedMs: number;
  readonly jitterMs?: number;
}

/** Receives what arrives at the other end of a lane. */
interface Parcel {
  readonly dueMs: number;
  readonly deliver: () => void;
}

/** One direction of a connection: data arrives later, in the order in which it was sent. */
export class Lane {
  readonly #delay: () => Delay;
  #parcels: Parcel[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastDueMs = 0;
  #isCut = false;

  /** A change of the delay does not affect data in flight. */
  constructor(delay: () => Delay) {
    this.#delay = delay;
  }

  /** Delivers something after the delay. */
  send(deliver: () => void): void {
    const { fixedMs, jitterMs = 0 } = this.#delay();
    const dueMs = Math.max(performance.now() + fixedMs + Math.random() * jitterMs, this.#lastDueMs);
    this.#lastDueMs = dueMs;
    this.#parcels.push({ dueMs, deliver });
    this.#wait();
  }

  /** Blocks all data until the lane is mended. */
  cut(): void {
    this.#isCut = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Delivers all blocked data. */
  mend(): void {
    this.#isCut = false;
    this.#deliver();
  }

  #wait(): void {
    const [next] = this.#parcels;
    if (next !== undefined && this.#timer === undefined && !this.#isCut) {
      this.#timer = setTimeout(() => this.#deliver(), next.dueMs - performance.now());
    }
  }

  #deliver(): void {
    this.#timer = undefined;
    const now = performance.now();
    // The receiver may cut the lane.
    while (!this.#isCut && this.#parcels[0] !== undefined && this.#parcels[0].dueMs <= now) {
      this.#parcels.shift()?.deliver();
    }
    this.#wait();
  }
}
