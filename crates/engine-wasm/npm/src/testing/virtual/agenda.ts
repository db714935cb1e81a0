/**
 * The events of a virtual world, in order. True time jumps from one event to the next; nothing waits.
 * Times are in milliseconds since the world began.
 */

/** A promise that takes more events than this to settle never does. */
const MOST_EVENTS = 100_000;

interface Entry {
  readonly at: number;
  /** Orders the events of one instant by when they were planned. */
  readonly number: number;
  run: (() => void) | undefined;
}

/** Plans and runs events. */
export class Agenda {
  #now = 0;
  #count = 0;
  /** A binary heap. */
  readonly #heap: Entry[] = [];

  /** True time. */
  get now(): number {
    return this.#now;
  }

  /** Plans an event, now at the earliest. Returns a function that cancels it. */
  at(time: number, run: () => void): () => void {
    const entry: Entry = { at: Math.max(time, this.#now), number: this.#count, run };
    this.#count += 1;
    this.#push(entry);
    return () => {
      entry.run = undefined;
    };
  }

  /** Plans an event after a delay. Returns a function that cancels it. */
  in(delay: number, run: () => void): () => void {
    return this.at(this.#now + Math.max(0, delay), run);
  }

  /** Runs the next event if it comes before `end`. Returns whether there was one. */
  doNext(end = Number.POSITIVE_INFINITY): boolean {
    const isDue = this.#nextAt() < end;
    if (isDue) {
      this.#run();
    }
    return isDue;
  }

  /** Lets time pass, and runs all events and reactions that fall into it. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await reactions();
    while (this.#nextAt() <= end) {
      this.#run();
      await reactions();
    }
    this.#now = Math.max(end, this.#now);
  }

  /** Lets time pass until a promise settles, and returns its result. */
  async until<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    await reactions();
    for (let count = 0; !isSettled; count += 1) {
      if (count === MOST_EVENTS || !this.doNext()) {
        throw new Error(`the promise has not settled after ${count} events`);
      }
      await reactions();
    }
    return promise;
  }

  /** Lets time pass without any event, as during a long computation. */
  spend(ms: number): void {
    this.#now += ms;
  }

  /** When the next event is due. */
  #nextAt(): number {
    let [next] = this.#heap;
    while (next !== undefined && next.run === undefined) {
      this.#pop();
      [next] = this.#heap;
    }
    return next?.at ?? Number.POSITIVE_INFINITY;
  }

  #run(): void {
    const next = this.#pop();
    // An event that was due while time was spent runs late.
    this.#now = Math.max(this.#now, next.at);
    next.run?.();
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

  #pop(): Entry {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop() as Entry;
    if (heap.length > 0) {
      this.#sink(last);
    }
    return first as Entry;
  }

  /** Moves an entry down from the top of the heap to its place. */
  #sink(entry: Entry): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) {
        child += 1;
      }
      if (!isBefore(heap[child] as Entry, entry)) {
        break;
      }
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = entry;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.number < other.number);
}

/** Tests may replace the timers of the program, and what is virtual here must not wait for those. */
const { setImmediate: soon } = globalThis;

/** Waits until all reactions to settled promises have run. */
export function reactions(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve);
  });
}
