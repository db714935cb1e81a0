/** Watches how a clock finds its way back after a sleep. */
import type { Measures } from "./measures.js";
import type { Promises } from "./promises.js";
import type { SimulatedWorld } from "./simulated-world.js";
import type { Reading } from "./subject.js";

/** Shorter sleeps and smaller changes of the wall clock need not be noticed. */
const NOTICEABLE_MS = 2_000;
/** After a sleep the clock is to be synced again within this time, in milliseconds. */
const REGAINS_WITHIN_MS = 2_000;
/** If nothing upset it for so long before, and so it may ask. */
const LEFT_ALONE_MS = 60_000;

/** A clock that has asked so often in a minute, as far as the machine can tell, may not ask. */
const MOST_QUESTIONS = 8;
const MINUTE_MS = 60_000;

/** Watches one clock. */
export class Recovery {
  readonly #world: SimulatedWorld;
  readonly #measures: Measures;
  readonly #promises: Promises;
  readonly #read: () => Reading | undefined;
  /** When the clock was upset last. */
  #upsetAt = 0;
  /** Whether it is expected to find its way back, and since when it could know that it has to. */
  #isExpected = false;
  #since: number | undefined;
  /** When it asked, by the machine's monotonic clock: how long a sleep was, it learns from the answer only. */
  #askedAt: number[] = [];

  /** @param read Reads the clock, if it can be read. */
  constructor(
    world: SimulatedWorld,
    measures: Measures,
    promises: Promises,
    read: () => Reading | undefined,
  ) {
    this.#world = world;
    this.#measures = measures;
    this.#promises = promises;
    this.#read = read;
  }

  get upsetAt(): number {
    return this.#upsetAt;
  }

  /** The clock asks. */
  asked(): void {
    this.#askedAt = [...this.#askedWithinMinute(), this.#world.machine.monotonicMs()];
  }

  /** The clocks of the machine have parted, perhaps by 0. */
  upset(partedMs: number, how: "asleep" | "set"): void {
    const { agenda, traits, network } = this.#world;
    const wasLeftAlone = agenda.now - this.#upsetAt >= LEFT_ALONE_MS;
    this.#upsetAt = agenda.now;
    this.#since = undefined;
    const mayAsk = this.#askedWithinMinute().length < MOST_QUESTIONS;
    this.#isExpected = how === "asleep" && wasLeftAlone && mayAsk && network.isUp;
    const reading = traits.readsAtOnce ? this.#read() : undefined;
    if (reading === undefined) {
      return;
    }
    if (Math.abs(partedMs) >= NOTICEABLE_MS) {
      this.#promises.readOnceUpset(reading, agenda.now, how);
    }
    if (!reading.synced) {
      this.learned();
    }
  }

  /** The clock knows by now that it was upset, and has to be synced again soon. */
  learned(): void {
    const { agenda, machine, network } = this.#world;
    if (!this.#isExpected) {
      return;
    }
    const upsetAt = this.#upsetAt;
    this.#since ??= agenda.now;
    agenda.in(REGAINS_WITHIN_MS, () => {
      const isWorking = network.isUp && network.lostAt < upsetAt;
      const isUndisturbed = this.#upsetAt === upsetAt && isWorking && !machine.isAsleep;
      const reading = isUndisturbed ? this.#read() : undefined;
      if (reading !== undefined) {
        this.#promises.readLater(reading, agenda.now, "a sleep");
      }
    });
  }

  synced({ synced }: Reading): void {
    if (synced && this.#since !== undefined) {
      this.#measures.series("regained").add(this.#world.agenda.now - this.#since);
      this.#since = undefined;
      this.#isExpected = false;
    }
  }

  #askedWithinMinute(): number[] {
    const now = this.#world.machine.monotonicMs();
    return this.#askedAt.filter((at) => now - at <= MINUTE_MS);
  }
}
