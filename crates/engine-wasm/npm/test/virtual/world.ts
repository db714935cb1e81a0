/** A world of one machine and one server, in which tests have time pass. */
import type { Sign } from "../../src/clock/ports.js";
import { type ConnectOptions, connect, type LiveSession, loadEngine, type Platform } from "../../src/node.js";
import { Agenda } from "./agenda.js";
import { Machine, type MachineTraits } from "./machine.js";
import { VirtualServer } from "./server.js";

export { NOON } from "./agenda.js";
export { ADDRESS, json, RECORD, refusal } from "./server.js";

/** A world. */
export class World {
  readonly agenda = new Agenda();
  readonly server = new VirtualServer(this.agenda);
  readonly machine: Machine;
  /** Who has asked for signs. */
  readonly signs = new Set<(sign: Sign) => void>();

  constructor(traits: MachineTraits = {}) {
    this.machine = new Machine(this.agenda, traits);
    this.server.deliver = this.machine.whenAwake;
  }

  /** True time. */
  get now(): number {
    return this.agenda.now;
  }

  /** The platform that the world gives. */
  get platform(): Platform {
    return {
      time: this.machine,
      timers: this.machine.timers,
      // The middle: no pause is shorter or longer.
      random: () => 0.5,
      signs: (notice) => {
        // A function of its own, so that one given twice counts twice.
        const call = (sign: Sign): void => notice(sign);
        this.signs.add(call);
        return () => this.signs.delete(call);
      },
      fetch: this.server.fetch,
      EventSource: this.server.EventSource,
      watchWire: undefined,
    };
  }

  /** Connects, while time passes. */
  async connect(address = this.server.keep(), options: ConnectOptions = {}): Promise<LiveSession> {
    await loadEngine();
    return this.agenda.until(connect(address, { platform: this.platform, ...options }));
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.agenda.pass(ms);
  }

  /** Lets time pass until an instant. */
  passUntil(instant: number): Promise<void> {
    return this.agenda.pass(instant - this.agenda.now);
  }

  /** The page is told something. */
  sign(sign: Sign): void {
    for (const notice of [...this.signs]) {
      notice(sign);
    }
  }

  /** All that is kept alive. */
  get leftovers(): Record<"timers" | "questions" | "streams" | "signs", number> {
    const { machine, server, signs } = this;
    return {
      timers: machine.timersSet,
      questions: server.unanswered,
      streams: server.streams.size,
      signs: signs.size,
    };
  }
}

/** Nothing is kept alive. */
export const NOTHING_LEFT = { timers: 0, questions: 0, streams: 0, signs: 0 };
