/** Checks how a clock recovers after a sleep. */
import type { Measures } from "./measures.js";
import type { Promises } from "./promises.js";
import type { SimulatedWorld } from "./simulated-world.js";
import type { Reading } from "./subject.js";

/** Shorter sleeps and smaller changes of the wall clock may go unnoticed. */
const NOTICEABLE_MS = 2_000;
/** After a sleep the clock must be synced again within this time, in milliseconds. */
const REGAINS_WITHIN_MS = 2_000;
/** That holds if it was undisturbed for this long before, so that its budget allows requests. */
const UNDISTURBED_MS = 60_000;

/** The budget of a minute, as the machine measures it. */
const MOST_REQUESTS = 8;
const MINUTE_MS = 60_000;

/** Checks one clock. */
export class Recovery {
  readonly #world: SimulatedWorld;
  readonly #measures: Measures;
  readonly #promises: Promises;
  readonly #read: () => Reading | undefined;
  /** When the clock was last disrupted. */
  #disruptedAt = 0;
  /** Whether it must recover, and since when it can know that. */
  #isExpected = false;
  #since: number | undefined;
  /** When it sent requests, by the monotonic clock: it learns the length of a sleep only from the response. */
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

  get disruptedAt(): number {
    return this.#disruptedAt;
  }

  /** The clock sends a request. */
  asked(): void {
    this.#askedAt = [...this.#askedWithinMinute(), this.#world.machine.monotonicMs()];
  }

  /** The clocks of the machine have diverged, perhaps by 0. */
  disrupted(divergenceMs: number, how: "asleep" | "set"): void {
    const { agenda, traits, network } = this.#world;
    const wasUndisturbed = agenda.now - this.#disruptedAt >= UNDISTURBED_MS;
    this.#disruptedAt = agenda.now;
    this.#since = undefined;
    const mayAsk = this.#askedWithinMinute().length < MOST_REQUESTS;
    this.#isExpected = how === "asleep" && wasUndisturbed && mayAsk && network.isUp;
    const reading = traits.readsAtOnce ? this.#read() : undefined;
    if (reading === undefined) {
      return;
    }
    if (Math.abs(divergenceMs) >= NOTICEABLE_MS) {
      this.#promises.readOnceDisrupted(reading, agenda.now, how);
    }
    if (!reading.synced) {
      this.learned();
    }
  }

  /** The clock now knows of the disruption, and must be synced again soon. */
  learned(): void {
    const { agenda, machine, network } = this.#world;
    if (!this.#isExpected) {
      return;
    }
    const disruptedAt = this.#disruptedAt;
    this.#since ??= agenda.now;
    agenda.in(REGAINS_WITHIN_MS, () => {
      const isWorking = network.isUp && network.lostAt < disruptedAt;
      const isUndisturbed = this.#disruptedAt === disruptedAt && isWorking && !machine.isAsleep;
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
