/** Random numbers that follow from a seed, so that a session can be repeated. Not for secrets. */

/** A generator: sfc32, seeded by the mixing function of splitmix32. */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    const mixed = mixer(hash(seed));
    this.#a = mixed();
    this.#b = mixed();
    this.#c = mixed();
    for (let count = 0; count < 12; count += 1) {
      this.word();
    }
  }

  /** Returns an integer from 0 to 2^32 - 1. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Returns a number from 0 up to but not including 1, with 53 random bits. */
  unit(): number {
    return ((this.word() >>> 5) * 2 ** 26 + (this.word() >>> 6)) / 2 ** 53;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** Returns a number whose logarithm is uniform. */
  betweenLog(low: number, high: number): number {
    return low * (high / low) ** this.unit();
  }

  exponential(mean: number): number {
    return mean === 0 ? 0 : -mean * Math.log(1 - this.unit());
  }

  /** Returns a standard normal number, by the Box-Muller transform. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
  }

  chance(probability: number): boolean {
    return probability > 0 && this.unit() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.unit() * items.length)] as Item;
  }
}

/** Returns a function like `Math.random` whose numbers follow from a seed. */
export function randomFrom(seed: string): () => number {
  const rng = new Rng(seed);
  return () => rng.unit();
}

/** Returns a number from 0 up to but not including 1 that follows from two others. */
export function unitOf(secret: number, index: number): number {
  let word = Math.imul((secret ^ index) + 0x9e3779b9, 0x85ebca6b) ^ Math.floor(index / 2 ** 32);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return ((word ^ (word >>> 16)) >>> 0) / 2 ** 32;
}

/** FNV-1a with 32 bits. */
function hash(text: string): number {
  let word = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    word = Math.imul(word ^ text.charCodeAt(index), 0x01000193);
  }
  return word >>> 0;
}

function mixer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
}
