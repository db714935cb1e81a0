/** Whether changes reach a player as they happen. Where a network blocks event streams, the player learns of changes only when it asks. */

/** How many pauses between requests the average counts. */
const PAUSES = 4;

export class Hearing {
  #isDeaf = false;
  /** When the player asked for the session, by `performance.now()`. */
  #askedMs: readonly number[] = [];

  get isDeaf(): boolean {
    return this.#isDeaf;
  }

  /** How often a deaf player asks for the session, in milliseconds; `undefined` before its second request. */
  get asksEveryMs(): number | undefined {
    const [first = 0, ...later] = this.#askedMs;
    return this.#isDeaf && later.length > 0 ? ((later.at(-1) ?? 0) - first) / later.length : undefined;
  }

  /** Notes whether events arrive. */
  note(isDeaf: boolean): void {
    if (this.#isDeaf && !isDeaf) {
      this.#askedMs = [];
    }
    this.#isDeaf = isDeaf;
  }

  /** Notes a request for the session. */
  asked(): void {
    this.#askedMs = [...this.#askedMs.slice(-PAUSES), performance.now()];
  }
}
