import * as bindings from "./bindings.js";
import { dispose, type Handle } from "./handle.js";
import { integer } from "./input.js";
import { checked, errorFor } from "./last-error.js";

/** The largest array that JavaScript engines store contiguously. */
const MAX_ITEMS = 2 ** 27;
/** The most results that {@link Draw.below} chooses from. */
const MAX_RESULTS = 2 ** 32 - 1;

/**
 * Shared dice: a sequence of random words for one step and one channel, the same for every client. Created by
 * {@link Timeline.draw}.
 *
 * A new draw of the same step and channel starts at the first word again. To get several values for one step, take them from
 * one draw or use several channels.
 *
 * Garbage collection frees its memory. `using` or {@link Draw.free} does so at once.
 *
 * @example
 * ```ts
 * using draw = timeline.draw(42, "loot");
 * const die = draw.between(1, 6);
 * const isCritical = draw.chance(0.05);
 * const loot = draw.pick(["sword", "shield", "potion"]);
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

  /** Takes the next word: an integer, uniform on 0 to 2^32 - 1. */
  word(): number {
    return bindings.word(this.#handle.number);
  }

  /** Returns a number from 0 up to but not including 1, with 53 random bits. Takes two words. */
  unit(): number {
    return bindings.unit(this.#handle.number);
  }

  /**
   * Returns an integer that is exactly uniform on 0 to `n - 1`. Takes one word, rarely more.
   *
   * @param n The number of possible results: 1 to 2^32 - 1.
   * @throws {@link EngineError} `out_of_range` or `not_an_integer` for `n`. No word is taken.
   */
  below(n: number): number {
    return checked(bindings.below(this.#handle.number, integer("n", n)));
  }

  /**
   * Returns an integer that is exactly uniform on `min` to `max`, both included: `min + below(max - min + 1)`.
   *
   * @param min An integer of at most 2^53 - 1 in magnitude.
   * @param max An integer from `min` to `min + 2^32 - 2`, and at most 2^53 - 1.
   * @throws {@link EngineError} `out_of_range` for `max`, or `not_an_integer` for either. No word is taken.
   */
  between(min: number, max: number): number {
    const [from, to] = [integer("min", min), integer("max", max)];
    const last = Math.min(from + MAX_RESULTS - 1, Number.MAX_SAFE_INTEGER);
    if (to < from || to > last) {
      throw errorFor(0, "max", from, last, to);
    }
    return from + this.below(to - from + 1);
  }

  /**
   * Returns `true` with a probability: `unit() < probability`. Takes two words.
   *
   * The comparison is exact, so all clients agree: of the 2^53 equally likely results `k / 2^53` of {@link Draw.unit}, those
   * with `k < probability * 2^53` are `true`.
   *
   * @param probability From 0, which is never `true`, to 1, which always is.
   * @throws {@link EngineError} `out_of_range` for `probability`. No word is taken.
   */
  chance(probability: number): boolean {
    if (!(probability >= 0 && probability <= 1)) {
      throw errorFor(0, "probability", 0, 1, probability);
    }
    return this.unit() < probability;
  }

  /**
   * Returns one of the items: `items[below(items.length)]`. Every index is exactly equally likely.
   *
   * @param items At least one item.
   * @throws {@link EngineError} `out_of_range` for `items` if there are none. No word is taken.
   */
  pick<Item>(items: readonly Item[]): Item {
    const { length } = items;
    if (length === 0) {
      throw errorFor(0, "items", 1, MAX_RESULTS, length);
    }
    return items[this.below(length)] as Item;
  }

  /**
   * Shuffles the items in place. Every order is exactly equally likely.
   *
   * @param items At most 2^27 items.
   * @returns The same array.
   * @throws {@link EngineError} `out_of_range` for `items` if there are more. No item is moved.
   */
  shuffle<Item>(items: Item[]): Item[] {
    const draw = this.#handle.number;
    if (items.length > MAX_ITEMS) {
      throw errorFor(0, "items", 0, MAX_ITEMS, items.length);
    }
    for (let last = items.length - 1; last > 0; last--) {
      const other = bindings.exchange(draw, last);
      [items[last], items[other]] = [items[other] as Item, items[last] as Item];
    }
    return items;
  }

  /** Frees the memory at once. The draw cannot be used afterwards. Freeing it again has no effect. */
  free(): void {
    this.#handle.free();
  }

  /** Calls {@link Draw.free} at the end of a block with `using draw = ...`. */
  [dispose](): void {
    this.free();
  }
}
