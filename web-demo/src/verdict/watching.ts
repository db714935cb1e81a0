/** When the page asks the server: only while a visitor watches, and then more often while the verdict is in doubt. */

/** The pause between two questions, in milliseconds. */
export const PACE_MS = 10_000;
/** How long a visitor counts as watching without touching anything, in milliseconds. */
export const WATCHES_MS = 45_000;
/** The pause between two questions while the verdict is in doubt, in milliseconds. */
const URGENT_MS = 3_000;

const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];

export class Watching {
  #touchedMs = performance.now();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor() {
    for (const type of TOUCHES) {
      addEventListener(type, () => this.touch(), { passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", () => {
      if (isVisible()) {
        // Somebody has come back to the page.
        this.touch();
      }
    });
  }

  touch(): void {
    this.#touchedMs = performance.now();
  }

  /** Whether a visitor is there, as far as the page can tell. */
  get isWatched(): boolean {
    return isVisible() && performance.now() - this.#touchedMs < WATCHES_MS;
  }

  noteAsked(): void {
    this.#askedMs = performance.now();
  }

  /** Whether to ask now. */
  isDue(isInDoubt: boolean): boolean {
    return this.isWatched && performance.now() - this.#askedMs >= (isInDoubt ? URGENT_MS : PACE_MS);
  }
}

function isVisible(): boolean {
  return document.visibilityState === "visible";
}
