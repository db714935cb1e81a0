/** What happens when. Time stands still until a test has it pass. */

/** When the world begins: 2026-11-23T12:00:00Z. */
export const NOON = Date.UTC(2026, 10, 23, 12);

/** So many events at most happen while a test waits for something: more is a circle. */
const PATIENCE = 100_000;

interface Entry {
  readonly dueMs: number;
  readonly run: () => void;
}

/** The events of a world, in order. */
export class Agenda {
  #elapsedMs = 0;
  #entries: Entry[] = [];

  /** How long the world has been going on, in milliseconds. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** True time, in milliseconds since the Unix epoch. */
  get now(): number {
    return NOON + this.#elapsedMs;
  }

  /** Has something happen later. What it returns takes that back. */
  after(delayMs: number, run: () => void): () => void {
    const entry = { dueMs: this.#elapsedMs + Math.max(0, delayMs), run };
    let place = this.#entries.length;
    while (place > 0 && (this.#entries[place - 1]?.dueMs ?? 0) > entry.dueMs) {
      place -= 1;
    }
    this.#entries.splice(place, 0, entry);
    return () => {
      const found = this.#entries.indexOf(entry);
      if (found >= 0) {
        this.#entries.splice(found, 1);
      }
    };
  }

  /** Lets time pass, with all that happens meanwhile and follows from it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    await consequences();
    while ((this.#entries[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= endMs) {
      await this.#next();
    }
    this.#elapsedMs = endMs;
  }

  /** Lets time pass until a promise is settled, and gives what comes of it. */
  async until<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    await consequences();
    for (let count = 0; !isSettled; count += 1) {
      if (this.#entries.length === 0 || count === PATIENCE) {
        throw new Error(`nothing settles it: ${this.#entries.length} events are to come`);
      }
      await this.#next();
    }
    return promise;
  }

  /** Time passes, and nothing happens: as while a program computes. */
  spend(ms: number): void {
    this.#elapsedMs += ms;
  }

  async #next(): Promise<void> {
    const entry = this.#entries.shift();
    if (entry !== undefined) {
      this.#elapsedMs = Math.max(this.#elapsedMs, entry.dueMs);
      entry.run();
      await consequences();
    }
  }
}

/** Lets run what waits for promises that are settled. */
export function consequences(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
