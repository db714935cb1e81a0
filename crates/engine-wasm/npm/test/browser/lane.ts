/** How long something is under way, in milliseconds: a fixed time, and up to as much again by chance. */
export interface Delay {
  readonly fixedMs: number;
  readonly jitterMs?: number;
}

/** What arrives at the other end of a lane. */
interface Parcel {
  readonly dueMs: number;
  readonly deliver: () => void;
}

/** One direction of a connection: things arrive later, and in the order in which they left. */
export class Lane {
  readonly #delay: () => Delay;
  #parcels: Parcel[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastDueMs = 0;
  #isCut = false;

  /** A delay may change; what is under way keeps its own. */
  constructor(delay: () => Delay) {
    this.#delay = delay;
  }

  /** Has something delivered after the delay. */
  send(deliver: () => void): void {
    const { fixedMs, jitterMs = 0 } = this.#delay();
    const dueMs = Math.max(performance.now() + fixedMs + Math.random() * jitterMs, this.#lastDueMs);
    this.#lastDueMs = dueMs;
    this.#parcels.push({ dueMs, deliver });
    this.#wait();
  }

  /** Nothing arrives until it is mended. */
  cut(): void {
    this.#isCut = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** All that was held up arrives. */
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
    // Whoever gets something may have the lane cut.
    while (!this.#isCut && this.#parcels[0] !== undefined && this.#parcels[0].dueMs <= now) {
      this.#parcels.shift()?.deliver();
    }
    this.#wait();
  }
}
