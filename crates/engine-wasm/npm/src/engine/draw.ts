import { dispose, type Handle } from "./handle.js";
import { whole } from "./input.js";
import * as raw from "./raw.js";
import { accepted, inWords } from "./refusal.js";

/** As many as a JavaScript array holds in one piece. */
const MAX_ITEMS = 2 ** 27;

/**
 * Shared dice: words that belong to one step and one channel, the same for everybody, taken in order. Comes from
 * {@link Timeline.draw}.
 *
 * A fresh draw of the same step and channel starts at the first word again. Whoever needs several values of one step
 * takes them from one draw, or uses several channels.
 *
 * Its memory is given back when it is garbage-collected; `using` or {@link Draw.free} do so at once.
 *
 * @example
 * ```ts
 * using draw = timeline.draw(42, "loot");
 * const die = 1 + draw.below(6);
 * const deck = draw.shuffle(["ace", "king", "queen"]);
 * ```
 */
export class Draw {
  readonly #handle: Handle;

  private constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** @internal */
  static of(handle: Handle): Draw {
    return new Draw(handle);
  }

  /** The next word: a whole number, uniform on 0 to 2^32 - 1. */
  word(): number {
    return raw.word(this.#handle.number);
  }

  /** A number from 0 up to but not including 1, with 53 random bits. Takes two words. */
  unit(): number {
    return raw.unit(this.#handle.number);
  }

  /**
   * A whole number that is exactly uniform on 0 to `n - 1`. Takes one word, seldom more.
   *
   * @param n How many numbers there are to choose from: 1 to 2^32 - 1.
   * @throws {@link EngineError} `out_of_range` or `not_an_integer` for `n`; no word is taken then.
   */
  below(n: number): number {
    return accepted(raw.below(this.#handle.number, whole("n", n)));
  }

  /**
   * Brings the items into an exactly uniformly drawn order, in place.
   *
   * @param items At most 2^27 items.
   * @returns The same array.
   * @throws {@link EngineError} `out_of_range` for `items` if there are more; nothing is moved then.
   */
  shuffle<Item>(items: Item[]): Item[] {
    const draw = this.#handle.number;
    if (items.length > MAX_ITEMS) {
      throw inWords(0, "items", 0, MAX_ITEMS, items.length);
    }
    for (let last = items.length - 1; last > 0; last--) {
      const other = raw.exchange(draw, last);
      [items[last], items[other]] = [items[other] as Item, items[last] as Item];
    }
    return items;
  }

  /** Gives the memory back at once. The draw cannot be used afterwards; freeing it again does nothing. */
  free(): void {
    this.#handle.free();
  }

  /** The same as {@link Draw.free}; called at the end of the block by `using draw = ...`. */
  [dispose](): void {
    this.free();
  }
}
