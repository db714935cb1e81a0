/** A virtual world for the tests of games: time, a server, and devices with their networks. */
import { milliseconds } from "../engine/instant.js";
import type { Instant } from "../engine/session.js";
import { createSessionBody, type NewSession } from "../http/new-session.js";
import type { ConnectOptions, LiveSession, Platform } from "../index.js";
import { Device, type Leftovers } from "./device.js";
import { globalsOf, type VirtualGlobals } from "./globals.js";
import { preload } from "./preload.js";
import { VirtualNetwork } from "./server/virtual-network.js";
import { VirtualServer } from "./server/virtual-server.js";
import type {
  DeviceNetwork,
  DeviceOptions,
  VirtualDevice,
  VirtualWorld,
  VirtualWorldOptions,
} from "./types.js";
import { Agenda } from "./virtual/agenda.js";
import { HostedServer } from "./world-server.js";

const ADDRESS = "https://ticks.example";
const NOON = "2030-01-01T12:00:00Z";
const LATENCY_MS = 10;

/**
 * Creates a virtual world. In it an hour passes in a moment, networks fail when you say so, and every run is the same.
 *
 * @throws EngineError if `now` is not an instant, or the engine does not load.
 *
 * @example
 * ```ts
 * import { virtualWorld } from "tickseed/testing";
 *
 * const world = await virtualWorld();
 * const address = world.createSession({ tickMs: 100 });
 * const session = await world.connect(address);
 * world.sleep(3_600_000); // the player's phone sleeps for an hour
 * await world.advance(1_800_000);
 * world.server.stopSession(address); // meanwhile the host stops the session
 * await world.advance(1_800_000 + 5_000);
 * console.log(session.status); // "stopped"
 * session.close();
 * ```
 */
export async function virtualWorld(options: VirtualWorldOptions = {}): Promise<VirtualWorld> {
  const epochMs = milliseconds("now", options.now ?? NOON);
  await preload();
  const agenda = new Agenda();
  const seed = options.seed ?? "world";
  return new TimedWorld({ agenda, epochMs, seed, host: new VirtualServer(agenda, epochMs, seed) }, options);
}

/** What all devices of a world share. */
interface Shared {
  readonly agenda: Agenda;
  readonly epochMs: number;
  readonly seed: string;
  readonly host: VirtualServer;
}

class Phone implements VirtualDevice {
  readonly platform: Platform;
  readonly globals: VirtualGlobals;
  readonly network: DeviceNetwork;
  protected readonly shared: Shared;
  readonly #device: Device;
  readonly #network: VirtualNetwork;

  constructor(shared: Shared, options: DeviceOptions) {
    const { agenda, host } = shared;
    const { clockAheadMs, clockGainsPpm, clockResolutionMs, latencyMs = LATENCY_MS } = options;
    const network = new VirtualNetwork(agenda, host);
    network.thereMs = latencyMs;
    network.backMs = latencyMs;
    const flaws = { ppm: clockGainsPpm, resolutionMs: clockResolutionMs, wallAheadMs: clockAheadMs };
    this.shared = shared;
    this.#network = network;
    this.#device = new Device({ ...shared, network, flaws });
    this.platform = this.#device.platform;
    this.globals = globalsOf(this.#device);
    this.network = new Connection(network, this.#device);
  }

  get isAsleep(): boolean {
    return this.#device.machine.isAsleep;
  }

  get leftovers(): Leftovers {
    return this.#device.leftovers;
  }

  connect(address: string | URL, options?: ConnectOptions): Promise<LiveSession> {
    return this.#device.connect(address, options);
  }

  sleep(ms: number): void {
    const { machine, wakeEvents } = this.#device;
    machine.sleep(ms);
    this.shared.agenda.in(ms, () => {
      // A later sleep may have begun meanwhile.
      if (!machine.isAsleep) {
        this.#network.breakOff();
        wakeEvents.emit("back");
      }
    });
  }

  moveClock(ms: number): void {
    this.#device.machine.setWall(ms);
  }
}

class Connection implements DeviceNetwork {
  readonly #network: VirtualNetwork;
  readonly #device: Device;

  constructor(network: VirtualNetwork, device: Device) {
    this.#network = network;
    this.#device = device;
  }

  get thereMs(): number {
    return this.#network.thereMs;
  }

  set thereMs(ms: number) {
    this.#network.thereMs = ms;
  }

  get backMs(): number {
    return this.#network.backMs;
  }

  set backMs(ms: number) {
    this.#network.backMs = ms;
  }

  get isConnected(): boolean {
    return this.#network.reach === "answers";
  }

  disconnect(): void {
    this.#network.reach = "unreachable";
    this.#network.breakOff();
  }

  goSilent(): void {
    this.#network.reach = "silent";
  }

  reconnect(): void {
    this.#network.reach = "answers";
    this.#network.breakOff();
    this.#device.wakeEvents.emit("back");
  }
}

class TimedWorld extends Phone implements VirtualWorld {
  readonly server: HostedServer;
  #devices = 1;

  constructor(shared: Shared, options: DeviceOptions) {
    super(shared, options);
    this.server = new HostedServer(shared.host, ADDRESS);
  }

  get now(): number {
    return this.shared.epochMs + this.shared.agenda.now;
  }

  createSession(session: NewSession): string {
    const { id } = this.shared.host.sessions.create(createSessionBody(session));
    return `${ADDRESS}/v1/sessions/${id}`;
  }

  device(options: DeviceOptions = {}): VirtualDevice {
    this.#devices += 1;
    return new Phone({ ...this.shared, seed: `${this.shared.seed} ${this.#devices}` }, options);
  }

  advance(ms: number): Promise<void> {
    return this.shared.agenda.pass(ms);
  }

  advanceTo(instant: Instant): Promise<void> {
    return this.advance(milliseconds("instant", instant) - this.now);
  }

  until<Result>(promise: Promise<Result>): Promise<Result> {
    return this.shared.agenda.until(promise);
  }
}
