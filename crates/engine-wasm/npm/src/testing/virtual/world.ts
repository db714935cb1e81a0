/** A machine with one page on it. Tests add a network and a server to it, and the simulation all that goes wrong. */
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
  /** Time, if the machine shares it with others. */
  readonly agenda?: Agenda;
}

/** A world. */
export class World {
  readonly agenda: Agenda;
  readonly machine: Machine;
  readonly page: Page;
  readonly wakeEvents = new WakeEventSource();

  constructor(parts: WorldParts) {
    const { epochMs, machine, page, seed, timerRan = () => undefined, agenda = new Agenda() } = parts;
    this.agenda = agenda;
    this.machine = new Machine(agenda, machine, epochMs, new Rng(`${seed} machine`));
    this.page = new Page(agenda, this.machine, page, new Rng(`${seed} page`), timerRan);
  }
}
