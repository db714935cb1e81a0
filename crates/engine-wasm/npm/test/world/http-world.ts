/** A virtual world with one server, in which tests let time pass. */
import { loadFit } from "../../src/clock/estimate.js";
import type { WakeEvent } from "../../src/clock/inputs.js";
import type { ConnectOptions, LiveSession } from "../../src/index.js";
import { Device, type Flaws } from "../../src/testing/device.js";
import { Agenda } from "../../src/testing/virtual/agenda.js";
import { NOON, VirtualServer } from "./http-server.js";

export { type Flaws, flawed } from "../../src/testing/device.js";
export { ADDRESS, errorResponse, json, NOON, RECORD, scheduleChange } from "./http-server.js";

// Loading takes real time, of which a virtual world knows nothing.
await loadFit();

/** A world with one server. */
export class HttpWorld extends Device<VirtualServer> {
  readonly server: VirtualServer;
  /** The delays of all timers that were set, in order. */
  readonly delays: number[] = [];

  constructor(flaws: Flaws = {}) {
    const agenda = new Agenda();
    const server = new VirtualServer(agenda);
    super({ agenda, network: server, epochMs: NOON, flaws, seed: "test" });
    this.server = server;
  }

  /** True time, in milliseconds since the Unix epoch. */
  get now(): number {
    return NOON + this.agenda.now;
  }

  override connect(
    address: string | URL = this.server.store(),
    options?: ConnectOptions,
  ): Promise<LiveSession> {
    return super.connect(address, options);
  }

  protected override setTimer(run: () => void, delayMs: number): () => void {
    this.delays.push(delayMs);
    return super.setTimer(run, delayMs);
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.agenda.pass(ms);
  }

  /** Lets time pass until an instant. */
  passUntil(instant: number): Promise<void> {
    return this.agenda.pass(instant - this.now);
  }

  /** Closes the lid for some time. Meanwhile no timer runs and nothing arrives. */
  sleep(ms: number): Promise<void> {
    this.machine.sleep(ms);
    return this.agenda.pass(ms);
  }

  /** Tells the page of a wake event. */
  wake(event: WakeEvent): void {
    this.wakeEvents.emit(event);
  }
}

/** The leftovers if nothing is alive. */
export const NOTHING_LEFT = { timers: 0, requests: 0, streams: 0, wakeEvents: 0 };
