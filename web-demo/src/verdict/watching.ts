/** When the page asks the server: while a visitor watches, and when something is in doubt. Nobody there, no question. */

/** The pause between two questions, in milliseconds. */
export const PACE_MS = 10_000;
/** For how long a visitor who touches nothing counts as watching, in milliseconds. */
export const WATCHES_MS = 45_000;
/** The shortest pause between questions about a difference, in milliseconds. */
const URGENT_MS = 3_000;

const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];

export class Watching {
  #touchedMs = performance.now();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor() {
    for (const type of TOUCHES) {
      addEventListener(type, () => this.touch(), { passive: true, capture: true });
    }
  }

  touch(): void {
    this.#touchedMs = performance.now();
  }

  /** Whether a visitor is there, as far as the page can tell. */
  get isWatched(): boolean {
    return document.visibilityState === "visible" && performance.now() - this.#touchedMs < WATCHES_MS;
  }

  noteAsked(): void {
    this.#askedMs = performance.now();
  }

  /** Whether to ask now. */
  isDue(isInDoubt: boolean): boolean {
    const pauseMs = performance.now() - this.#askedMs;
    const isUrgent = isInDoubt && document.visibilityState === "visible" && pauseMs >= URGENT_MS;
    return isUrgent || (this.isWatched && pauseMs >= PACE_MS);
  }
}
