/** A world with a network and servers, and everything that can go wrong with them. */
import type { WakeEvent, WakeEvents } from "../src/clock/inputs.js";
import type { MachineTraits } from "../src/testing/virtual/machine.js";
import { type Throttle, USUAL_PAGE } from "../src/testing/virtual/page.js";
import { Rng } from "../src/testing/virtual/random.js";
import { World } from "../src/testing/virtual/world.js";
import { type ExchangeObserver, TimeRequests } from "./exchanges.js";
import { Network, type PathTraits } from "./network.js";
import { type Balancing, Servers } from "./servers.js";

/** Plans what goes wrong in a world. */
export type Incident = (world: SimulatedWorld, rng: Rng) => void;

/** What distinguishes one world from another. */
export interface WorldTraits {
  readonly path: PathTraits;
  readonly machine: MachineTraits;
  /** How far the clock of each server is ahead of true time, in milliseconds. */
  readonly serverOffsetsMs: readonly number[];
  readonly balancing: Balancing;
  readonly hasResourceTiming: boolean;
  /** Whether the page gets wake events. */
  readonly hasWakeEvents: boolean;
  /** How long the machine is awake. */
  readonly awakeMs: number;
  readonly incidents: readonly Incident[];
  /** The mean time between additional readings of the clock. */
  readonly readsEveryMs: number;
  /** Whether the clock is read as soon as the machine wakes or its wall clock is set. */
  readonly readsAtOnce: boolean;
}

/** An event that may disrupt a clock. */
export type Disturbance =
  | { readonly kind: "slept"; readonly lengthMs: number; readonly hasDiverged: boolean }
  | { readonly kind: "wall set"; readonly byMs: number }
  | { readonly kind: "network gone" | "network back" | "hidden" | "shown" }
  | { readonly kind: "wake event"; readonly event: WakeEvent };

/** Observes the world. */
export interface WorldObserver extends ExchangeObserver {
  /** A timer of the page ran. */
  timerRan(): void;
  happened(disturbance: Disturbance): void;
}

/** The earliest beginning of a world, in 2026, in milliseconds since the Unix epoch. */
const EPOCH_MS = 1_790_000_000_000;
/** The mean delay of wake events, in milliseconds. */
const WAKE_EVENT_AFTER_MS = 50; /** The time within which a request is in flight on most networks, in milliseconds. */
const SOON_MS = [0, 20] as const;
/** The shortest time between opening a lid and closing it again, in milliseconds. */
const JUST_WOKEN_MS = 10_000;

/**
 * The shortest time awake between a sleep and a change of the wall clock, in milliseconds. If both happened between two checks of
 * the clocks and cancelled each other out, no client could detect either.
 */
const APART_MS = 60_000;

/** A world. */
export class SimulatedWorld extends World {
  readonly traits: WorldTraits;
  readonly network: Network;
  readonly servers: Servers;
  readonly requests: TimeRequests;
  readonly #rng: Rng;
  readonly #observer: WorldObserver;
  #outages = 0;
  /** What happens while the next request is in flight. */
  #duringQuestion: (() => void) | undefined;
  #sleptMs = 0;
  /** The time awake when the machine last slept, and when its wall clock was last set. */
  #sleptAt = Number.NEGATIVE_INFINITY;
  #wallSetAt = Number.NEGATIVE_INFINITY;

  /** @param seed Decides everything that happens, together with the traits. */
  constructor(traits: WorldTraits, seed: string, observer: WorldObserver) {
    const rng = (name: string): Rng => new Rng(`${seed} ${name}`);
    const epochMs = EPOCH_MS + Math.floor(rng("epoch").between(0, 1e9)) / 1_000;
    super({
      epochMs,
      machine: traits.machine,
      page: USUAL_PAGE,
      seed,
      timerRan: () => observer.timerRan(),
    });
    const { agenda } = this;
    this.traits = traits;
    this.#observer = observer;
    this.#rng = rng("world");
    this.network = new Network(agenda, traits.path, rng("network"));
    this.servers = new Servers(agenda, epochMs, traits.serverOffsetsMs, traits.balancing, rng("servers"));
    const { machine, page, network, servers } = this;
    const route = {
      agenda,
      machine,
      page,
      network,
      servers,
      rng: rng("asking"),
      hasResourceTiming: traits.hasResourceTiming,
    };
    this.requests = new TimeRequests(route, { ...observer, asked: () => this.#asked() });
    for (const [index, incident] of traits.incidents.entries()) {
      // The names of generators belong to the seed: another name would change all results.
      incident(this, rng(`happening ${index}`));
    }
  }

  /** How long the machine has been awake. */
  get awakeMs(): number {
    return this.agenda.now - this.#sleptMs;
  }

  /** When the world ends. */
  get endsAt(): number {
    return this.traits.awakeMs + this.#sleptMs;
  }

  /** The wake events of the page, if it gets any. */
  get pageWakeEvents(): WakeEvents | undefined {
    return this.traits.hasWakeEvents ? this.wakeEvents.subscribe : undefined;
  }

  /** Runs something soon after the next request, but not right after the machine woke up. */
  duringQuestion(run: () => void): void {
    this.#duringQuestion = run;
  }

  /** Closes the lid. The network may come back later than the machine. */
  sleep(lengthMs: number, networkBackAfterMs: number): void {
    if (this.machine.isAsleep || this.awakeMs - this.#wallSetAt < APART_MS) {
      return;
    }
    this.#sleptAt = this.awakeMs;
    this.#sleptMs += lengthMs;
    this.machine.sleep(lengthMs);
    if (networkBackAfterMs > 0) {
      this.outage(lengthMs + networkBackAfterMs);
    }
    const { stopsInSleep } = this.traits.machine;
    this.agenda.in(lengthMs, () => {
      this.#observer.happened({ kind: "slept", lengthMs, hasDiverged: stopsInSleep });
      this.#wake("woken");
    });
  }

  setWall(byMs: number): void {
    if (!this.machine.isAsleep && this.awakeMs - this.#sleptAt >= APART_MS) {
      this.#wallSetAt = this.awakeMs;
      this.machine.setWall(byMs);
      this.#observer.happened({ kind: "wall set", byMs });
    }
  }

  /** Cuts the network for some time. */
  outage(lengthMs: number): void {
    this.#outages += 1;
    this.network.isUp = false;
    this.#observer.happened({ kind: "network gone" });
    this.agenda.in(lengthMs, () => {
      this.#outages -= 1;
      this.network.isUp = this.#outages === 0;
      if (this.network.isUp) {
        this.requests.disconnect();
        this.#observer.happened({ kind: "network back" });
        this.#wake("back");
      }
    });
  }

  /** Hides the page, or shows it again. */
  throttle(throttle: Throttle): void {
    this.page.throttle = throttle;
    this.#observer.happened({ kind: throttle === "none" ? "shown" : "hidden" });
    if (throttle === "none") {
      // A page cannot tell whether it was only hidden or also frozen.
      this.#wake("woken");
    }
  }

  #asked(): void {
    this.#observer.asked();
    const run = this.#duringQuestion;
    if (run !== undefined && this.awakeMs - this.#sleptAt > JUST_WOKEN_MS) {
      this.#duringQuestion = undefined;
      this.agenda.in(this.#rng.between(...SOON_MS), run);
    }
  }

  #wake(event: WakeEvent): void {
    this.agenda.in(this.#rng.exponential(WAKE_EVENT_AFTER_MS), () =>
      this.machine.whenAwake(() => {
        if (this.wakeEvents.count > 0) {
          this.wakeEvents.emit(event);
          this.#observer.happened({ kind: "wake event", event });
        }
      }),
    );
  }
}
