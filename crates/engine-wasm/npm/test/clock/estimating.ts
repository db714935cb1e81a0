/** An estimate on a machine, and a server that it has exchanges with. */
import { type ClockReading, Estimate } from "../../src/clock/estimate.js";
import { Agenda } from "../virtual/agenda.js";
import { Machine, type MachineTraits } from "../virtual/machine.js";

/** How an exchange goes. */
export interface Going {
  readonly thereMs?: number;
  readonly backMs?: number;
  readonly server?: string;
  /** How far the server's clock is ahead of true time. */
  readonly aheadMs?: number;
  readonly isEvidence?: boolean;
  /** What happens between the question and the answer. */
  readonly meanwhile?: () => Promise<void>;
}

/** An estimate in a world of its own. */
export class Estimating {
  readonly agenda = new Agenda();
  readonly machine: Machine;
  readonly estimate: Estimate;

  constructor(traits: MachineTraits = {}) {
    this.machine = new Machine(this.agenda, traits);
    this.estimate = new Estimate(this.machine);
  }

  /** Has an exchange told. */
  async exchange(going: Going = {}): Promise<void> {
    const { thereMs = 10, backMs = 10, server = "one", aheadMs = 0, isEvidence = true, meanwhile } = going;
    const { agenda, machine, estimate } = this;
    const { upsets } = estimate;
    const askedMs = machine.monotonicMs();
    agenda.spend(thereMs);
    const stamp = agenda.now + aheadMs;
    await meanwhile?.();
    agenda.spend(backMs);
    const answeredMs = machine.monotonicMs();
    if (estimate.upsets === upsets) {
      estimate.add({ askedMs, receivedMs: stamp, sentMs: stamp, answeredMs, server }, isEvidence);
    }
  }

  /** Has some exchanges told, and the clock set. */
  async burst(going: Going = {}, count = 4): Promise<void> {
    for (let done = 0; done < count; done += 1) {
      await this.exchange(going);
    }
    this.estimate.settle();
  }

  /** Lets time pass, in which the clock is read now and then. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) {
      this.agenda.spend(Math.min(1_000, left));
      this.estimate.read();
    }
  }

  /** What the clock says, which must have been set. */
  read(): ClockReading {
    const reading = this.estimate.read();
    if (reading === undefined) {
      throw new Error("the clock was not set");
    }
    return reading;
  }

  /** How far it is ahead of the truth, in milliseconds; and whether its bound holds. */
  get check(): { readonly aheadMs: number; readonly isWithin: boolean } {
    const { now, errorMs } = this.read();
    const aheadMs = now - this.agenda.now;
    // Times since 1970 are multiples of a quarter of a microsecond.
    return { aheadMs, isWithin: Math.abs(aheadMs) <= errorMs + 0.001 };
  }
}
