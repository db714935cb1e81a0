/** Which part of the timeline a visitor looks at: it follows the present, or stays at an instant. */

/** An instant that a visitor has asked for, with the cost of computing its state. */
export interface Visit {
  readonly instant: number;
  /** The time that computing a state so far away takes, in microseconds. */
  readonly costUs: number;
  /** The server's answer about the same instant. */
  readonly answer: VisitAnswer | undefined;
}

export interface VisitAnswer {
  /** Whether it is the same; `undefined` while the server has not answered. */
  readonly isSame: boolean | undefined;
  readonly words: string;
}

const SHORTEST_SPAN_MS = 1_000;
const LONGEST_SPAN_MS = 20 * 60_000;
export const FIRST_SPAN_MS = 24_000;
/** The last instant of the definition: the end of the year 9999. */
const LAST_INSTANT = 253_402_300_799_999;
/** Where the present is while the view follows it, from the left edge to the right. */
export const PRESENT_AT = 0.5;

export class Navigation {
  #center: number | undefined;
  #spanMs = FIRST_SPAN_MS;
  #visit: Visit | undefined;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Whether the view follows the present. */
  get isFollowing(): boolean {
    return this.#center === undefined;
  }

  get spanMs(): number {
    return this.#spanMs;
  }

  get visit(): Visit | undefined {
    return this.#visit;
  }

  /** Returns the instant in the middle. */
  centerAt(now: number): number {
    return this.#center ?? now;
  }

  /** Goes back to the present. */
  follow(): void {
    this.#center = undefined;
    this.#visit = undefined;
    this.#changed();
  }

  /** Goes to an instant, and shows its state. */
  visitInstant(instant: number, costUs: number): void {
    this.#center = bounded(instant);
    this.#visit = { instant: this.#center, costUs, answer: undefined };
    this.#changed();
  }

  /** Notes the server's answer about the visited instant. */
  answered(instant: number, answer: VisitAnswer): void {
    if (this.#visit?.instant === instant) {
      this.#visit = { ...this.#visit, answer };
      this.#changed();
    }
  }

  /** Moves the view. A positive number of milliseconds is towards the future. */
  move(ms: number, now: number): void {
    this.#center = bounded(this.centerAt(now) + ms);
    this.#visit = undefined;
    this.#changed();
  }

  /** Shows more time or less around an instant. That instant stays in place. */
  zoom(factor: number, around: number, now: number): void {
    const spanMs = Math.min(Math.max(this.#spanMs * factor, SHORTEST_SPAN_MS), LONGEST_SPAN_MS);
    const scale = spanMs / this.#spanMs;
    this.#spanMs = spanMs;
    if (!this.isFollowing) {
      this.#center = bounded(around + (this.centerAt(now) - around) * scale);
    }
    this.#changed();
  }
}

function bounded(instant: number): number {
  return Math.round(Math.min(Math.max(instant, 0), LAST_INSTANT));
}
