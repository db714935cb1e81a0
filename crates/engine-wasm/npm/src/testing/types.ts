/** What a virtual world offers to tests. */
import type { Instant } from "../engine/session.js";
import type { NewSession } from "../http/new-session.js";
import type { ConnectOptions, LiveSession, Platform, SessionRecord } from "../index.js";
import type { Leftovers } from "./device.js";
import type { VirtualGlobals } from "./globals.js";

/** Options of {@link virtualWorld}. */
export interface VirtualWorldOptions extends DeviceOptions {
  /** The time at which the world begins. Default: noon on 1 January 2030, UTC. */
  readonly now?: Instant | undefined;
  /** Decides the ids and the seeds of sessions, so that every run is the same. Default: `"world"`. */
  readonly seed?: string | undefined;
}

/** Options of a device. */
export interface DeviceOptions {
  /** How far its wall clock is ahead of true time, in milliseconds; negative if it is behind. Default: 0. */
  readonly clockAheadMs?: number | undefined;
  /** How fast its clocks gain on true time, in millionths: -500 to 500. Default: 0. */
  readonly clockGainsPpm?: number | undefined;
  /** The resolution of `performance.now()`, in milliseconds. Default: 0, which is exact. */
  readonly clockResolutionMs?: number | undefined;
  /** How long a request takes to the server, and a response back, in milliseconds. Default: 10. */
  readonly latencyMs?: number | undefined;
}

/** The network of a device. */
export interface DeviceNetwork {
  /** How long requests take to the server, in milliseconds. */
  thereMs: number;
  /** How long responses and events take back, in milliseconds. */
  backMs: number;
  /** Whether requests reach the server. */
  readonly isConnected: boolean;
  /** Cuts the network, and the device notices: requests fail at once, and event streams break. */
  disconnect(): void;
  /** Cuts the network, and nobody notices: there is no answer to anything, as in a tunnel. */
  goSilent(): void;
  /** Ends either. The page gets the event `online`, and event streams reconnect within three seconds. */
  reconnect(): void;
}

/** A device with one page: the phone of one player. */
export interface VirtualDevice {
  /** What the package runs on there. Pass it to whatever takes the option `platform`, in place of {@link VirtualDevice.connect}. */
  readonly platform: Platform;
  /**
   * The page's `setTimeout`, `Date`, `fetch` and the like, for a game that does not take a platform. Put them in the place of your test
   * runner's globals, for example with `vi.stubGlobal`.
   */
  readonly globals: VirtualGlobals;
  /** The network between the device and the server. */
  readonly network: DeviceNetwork;
  /** Whether the device sleeps. */
  readonly isAsleep: boolean;
  /**
   * Connects the page to a session, like the `connect` of the package. Time passes until it is connected.
   *
   * @throws {@link ServerError}, {@link SessionError} and {@link EngineError}, as the `connect` of the package.
   */
  connect(address: string | URL, options?: ConnectOptions): Promise<LiveSession>;
  /**
   * Sends the device to sleep, for as many milliseconds of the time that {@link VirtualWorld.advance} lets pass. Meanwhile no timer
   * runs, nothing arrives and `performance.now()` stands still. When it wakes, its streams break, and the page becomes visible.
   */
  sleep(ms: number): void;
  /** Sets the wall clock forward, or back for a negative number of milliseconds. */
  moveClock(ms: number): void;
  /** What is still alive on the page: all 0 once every session is closed, and every timer of {@link VirtualDevice.globals}. */
  readonly leftovers: Leftovers;
}

/**
 * The server of a virtual world, as the host of a game uses it. Changes take effect at once, without a network in between. It refuses
 * what a real server refuses, with the same errors.
 */
export interface WorldServer {
  /** Its address, for `createSession` and `openClock`. */
  readonly address: string;
  /** How far its clock is ahead of true time, in milliseconds. */
  clockAheadMs: number;
  /**
   * Returns a session as it now is.
   *
   * @throws {@link ServerError} `session_not_found`.
   */
  session(address: string | URL): SessionRecord;
  /** Stops a session, by default as early as possible: now, or after the notice of the session. */
  stopSession(address: string | URL, options?: { readonly at?: Instant }): SessionRecord;
  /** Pauses a session, by default as early as possible. */
  pauseSession(address: string | URL, options?: WorldChange): SessionRecord;
  /** Resumes a paused session, by default as early as possible and with ticks of the length before the pause. */
  resumeSession(address: string | URL, options?: WorldChange & { readonly tickMs?: number }): SessionRecord;
  /** Changes the length of a session's ticks, from the next tick on. */
  setRate(address: string | URL, tickMs: number, options?: WorldChange): SessionRecord;
  /** Withdraws the changes of a session at or after an instant, by default all that are not final. */
  withdraw(address: string | URL, options?: { readonly from?: Instant }): SessionRecord;
  /** Deletes a session, as if it had expired. */
  expireSession(address: string | URL): void;
}

/** When a change takes effect. */
export interface WorldChange {
  /** By default as early as possible. */
  readonly at?: Instant | undefined;
  /** Whether to withdraw all changes at or after that instant. */
  readonly replaceLater?: boolean | undefined;
}

/**
 * A world of its own: time, a server, and devices with their networks. Nothing in it waits, and every run is the same. It is
 * itself the first device.
 */
export interface VirtualWorld extends VirtualDevice {
  readonly server: WorldServer;
  /** True time, in milliseconds since the Unix epoch. */
  readonly now: number;
  /**
   * Creates a session and returns its address.
   *
   * @throws {@link ServerError} `invalid_fields` for values out of range, with the first of them in `problem.errors`.
   */
  createSession(session: NewSession): string;
  /** Adds another device. */
  device(options?: DeviceOptions): VirtualDevice;
  /** Lets time pass. Timers, requests and events of all devices happen in order, and so does everything that waits for them. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until an instant. */
  advanceTo(instant: Instant): Promise<void>;
  /**
   * Lets time pass until a promise settles, and returns its result. For promises of the package: they would otherwise wait for
   * time to pass.
   *
   * @throws what the promise rejects with, and an error if it waits for something outside the world.
   */
  until<Result>(promise: Promise<Result>): Promise<Result>;
}
