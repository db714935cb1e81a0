/** A machine with one page on it. Tests add a server to it, and the simulation a network and all that goes wrong. */
import { Agenda } from "./agenda.js";
import { Machine, type MachineTraits } from "./machine.js";
import { Page, type PageTraits } from "./page.js";
import { Rng } from "./random.js";
import { WakeEventSource } from "./wake-events.js";

/** The parts of a world. */
export interface WorldParts {
  /** True time at the beginning, since the Unix epoch. */
  readonly epochMs: number;
  readonly machine: MachineTraits;
  readonly page: PageTraits;
  /** Decides everything random, together with the traits. */
  readonly seed: string;
  /** Called after each timer of the page that ran. */
  readonly timerRan?: () => void;
}

/** A world. */
export class World {
  readonly agenda = new Agenda();
  readonly machine: Machine;
  readonly page: Page;
  readonly wakeEvents = new WakeEventSource();

  constructor({ epochMs, machine, page, seed, timerRan = () => undefined }: WorldParts) {
    const { agenda } = this;
    this.machine = new Machine(agenda, machine, epochMs, new Rng(`${seed} machine`));
    this.page = new Page(agenda, this.machine, page, new Rng(`${seed} page`), timerRan);
  }
}
