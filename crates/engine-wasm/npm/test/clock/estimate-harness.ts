/** An estimate on a machine, and exchanges with a server. */
import { type ClockReading, Estimate } from "../../src/clock/estimate.js";
import { type Flaws, HttpWorld } from "../world/http-world.js";

/** The course of an exchange. */
export interface Course {
  readonly thereMs?: number;
  readonly backMs?: number;
  readonly server?: string;
  /** How far the server's clock is ahead of true time. */
  readonly aheadMs?: number;
  readonly isEvidence?: boolean;
  /** What happens between the request and the response. */
  readonly inBetween?: () => Promise<void>;
}

/** An estimate in its own world. */
export class EstimateHarness {
  readonly world: HttpWorld;
  readonly estimate: Estimate;

  constructor(traits: Flaws = {}) {
    this.world = new HttpWorld(traits);
    this.estimate = new Estimate(this.world.machine);
  }

  get agenda() {
    return this.world.agenda;
  }

  get machine() {
    return this.world.machine;
  }

  /** Closes the lid for some time. */
  sleep(ms: number): Promise<void> {
    return this.world.sleep(ms);
  }

  /** Runs an exchange and adds it to the estimate. */
  async exchange(course: Course = {}): Promise<void> {
    const { thereMs = 10, backMs = 10, server = "one", aheadMs = 0, isEvidence = true, inBetween } = course;
    const { agenda, machine, estimate } = this;
    const { disruptions } = estimate;
    const askedMs = machine.monotonicMs();
    agenda.spend(thereMs);
    const stamp = this.world.now + aheadMs;
    await inBetween?.();
    agenda.spend(backMs);
    const answeredMs = machine.monotonicMs();
    if (estimate.disruptions === disruptions) {
      estimate.add({ askedMs, receivedMs: stamp, sentMs: stamp, answeredMs, server }, isEvidence);
    }
  }

  /** Runs several exchanges and sets the clock. */
  async burst(course: Course = {}, count = 4): Promise<void> {
    for (let done = 0; done < count; done += 1) {
      await this.exchange(course);
    }
    this.estimate.settle();
  }

  /** Lets time pass, with readings now and then. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) {
      this.agenda.spend(Math.min(1_000, left));
      this.estimate.read();
    }
  }

  /** Reads the clock, which must have been set. */
  read(): ClockReading {
    const reading = this.estimate.read();
    if (reading === undefined) {
      throw new Error("the clock was not set");
    }
    return reading;
  }

  /** How far the clock is ahead of the truth, in milliseconds, and whether its bound holds. */
  get check(): { readonly aheadMs: number; readonly isWithin: boolean } {
    const { now, errorMs } = this.read();
    const aheadMs = now - this.world.now;
    // Doubles resolve times since 1970 to a quarter of a microsecond.
    return { aheadMs, isWithin: Math.abs(aheadMs) <= errorMs + 0.001 };
  }
}
