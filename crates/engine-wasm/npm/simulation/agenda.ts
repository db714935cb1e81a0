/**
 * What is to happen, in the order in which it happens. True time passes by going on to the next thing: nobody waits.
 * Times are milliseconds since the world began.
 */

interface Entry {
  readonly at: number;
  /** Of things at the same instant the one that was planned first comes first. */
  readonly number: number;
  run: (() => void) | undefined;
}

/** The plan of a world. */
export class Agenda {
  #now = 0;
  #count = 0;
  /** A binary heap. */
  readonly #heap: Entry[] = [];

  /** True time. */
  get now(): number {
    return this.#now;
  }

  /** Plans something, at the earliest now. What it returns takes that back. */
  at(time: number, run: () => void): () => void {
    const entry: Entry = { at: Math.max(time, this.#now), number: this.#count, run };
    this.#count += 1;
    this.#push(entry);
    return () => {
      entry.run = undefined;
    };
  }

  in(delay: number, run: () => void): () => void {
    return this.at(this.#now + delay, run);
  }

  /** Goes on to the next thing and does it, if it comes before a time. Says whether there was one. */
  doNext(end: number): boolean {
    for (;;) {
      const [next] = this.#heap;
      if (next === undefined || next.at >= end) {
        return false;
      }
      this.#pop();
      if (next.run !== undefined) {
        this.#now = next.at;
        next.run();
        return true;
      }
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) {
        break;
      }
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) {
      return;
    }
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) {
        child += 1;
      }
      if (!isBefore(heap[child] as Entry, last)) {
        break;
      }
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.number < other.number);
}
