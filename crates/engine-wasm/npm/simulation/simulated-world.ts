/** One machine with one page in it, a network and servers; and what can happen to them. */
import type { Sign, Signs } from "../src/clock/ports.js";
import type { MachineTraits } from "../virtual/machine.js";
import { type Throttle, USUAL_PAGE } from "../virtual/page.js";
import { Rng } from "../virtual/random.js";
import { World } from "../virtual/world.js";
import { Asking, type Followers } from "./asking.js";
import { Network, type PathTraits } from "./network.js";
import { type Balancing, Servers } from "./servers.js";

/** Plans what happens in a world. */
export type Happening = (world: SimulatedWorld, rng: Rng) => void;

/** What distinguishes one world from another. */
export interface WorldTraits {
  readonly path: PathTraits;
  readonly machine: MachineTraits;
  /** The clock of each server less the true time, in milliseconds. */
  readonly serverOffsetsMs: readonly number[];
  readonly balancing: Balancing;
  readonly hasResourceTiming: boolean;
  /** Whether the page is told that it was woken, and that the network is back. */
  readonly hasSigns: boolean;
  /** How long the machine is awake. */
  readonly awakeMs: number;
  readonly happenings: readonly Happening[];
  /** How often the clock is read besides, on average. */
  readonly readsEveryMs: number;
  /** Whether it is read as soon as the machine wakes or its wall clock is set. */
  readonly readsAtOnce: boolean;
}

/** What may upset a clock. */
export type Disturbance =
  | { readonly kind: "slept"; readonly lengthMs: number; readonly isParted: boolean }
  | { readonly kind: "wall set"; readonly byMs: number }
  | { readonly kind: "network gone" | "network back" | "hidden" | "shown" }
  | { readonly kind: "told"; readonly sign: Sign };

/** What follows the world. */
export interface WorldFollowers extends Followers {
  /** A timer of the page ran. */
  timerRan(): void;
  happened(disturbance: Disturbance): void;
}

/** The Unix epoch's distance: some time in 2026, in milliseconds. */
const EPOCH_MS = 1_790_000_000_000;
/** A page is told of things after this time, in milliseconds, on average. */
const TOLD_AFTER_MS = 50; /** Within this time a question is under way on most networks, in milliseconds. */
const SOON_MS = [0, 20] as const;
/** Nobody closes a lid sooner after opening it, in milliseconds. */
const JUST_WOKEN_MS = 10_000;

/**
 * A sleep and a change of the wall clock are at least so far apart, in milliseconds awake. If both happened between two looks at the
 * clocks, and made up for one another, nobody could tell.
 */
const APART_MS = 60_000;

/** A world. */
export class SimulatedWorld extends World {
  readonly traits: WorldTraits;
  readonly network: Network;
  readonly servers: Servers;
  readonly asking: Asking;
  readonly #rng: Rng;
  readonly #followers: WorldFollowers;
  #outages = 0;
  /** What is to happen while the next question is under way. */
  #duringQuestion: (() => void) | undefined;
  #sleptMs = 0;
  /** How long it had been awake when the machine slept last, and when its wall clock was set. */
  #sleptAt = Number.NEGATIVE_INFINITY;
  #wallSetAt = Number.NEGATIVE_INFINITY;

  /** @param seed Decides all that happens, together with the traits. */
  constructor(traits: WorldTraits, seed: string, followers: WorldFollowers) {
    const rng = (name: string): Rng => new Rng(`${seed} ${name}`);
    const epochMs = EPOCH_MS + Math.floor(rng("epoch").between(0, 1e9)) / 1_000;
    super({
      epochMs,
      machine: traits.machine,
      page: USUAL_PAGE,
      seed,
      timerRan: () => followers.timerRan(),
    });
    const { agenda } = this;
    this.traits = traits;
    this.#followers = followers;
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
    this.asking = new Asking(route, { ...followers, asked: () => this.#asked() });
    for (const [index, happening] of traits.happenings.entries()) {
      happening(this, rng(`happening ${index}`));
    }
  }

  /** How long the machine has been awake. */
  get awakeMs(): number {
    return this.agenda.now - this.#sleptMs;
  }

  /** When it ends. */
  get endsAt(): number {
    return this.traits.awakeMs + this.#sleptMs;
  }

  /** How the page learns of things, if it does. */
  get signs(): Signs | undefined {
    return this.traits.hasSigns ? this.wakeEvents.subscribe : undefined;
  }

  /** Has something happen soon after the next question was asked, but not when the machine has just been woken. */
  duringQuestion(run: () => void): void {
    this.#duringQuestion = run;
  }

  /** Closes the lid. The network may take some time to come back. */
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
      this.#followers.happened({ kind: "slept", lengthMs, isParted: stopsInSleep });
      this.#tell("woken");
    });
  }

  setWall(byMs: number): void {
    if (!this.machine.isAsleep && this.awakeMs - this.#sleptAt >= APART_MS) {
      this.#wallSetAt = this.awakeMs;
      this.machine.setWall(byMs);
      this.#followers.happened({ kind: "wall set", byMs });
    }
  }

  /** Nothing gets through for some time. */
  outage(lengthMs: number): void {
    this.#outages += 1;
    this.network.isUp = false;
    this.#followers.happened({ kind: "network gone" });
    this.agenda.in(lengthMs, () => {
      this.#outages -= 1;
      this.network.isUp = this.#outages === 0;
      if (this.network.isUp) {
        this.asking.disconnect();
        this.#followers.happened({ kind: "network back" });
        this.#tell("back");
      }
    });
  }

  /** Puts the page behind others, or in front again. */
  throttle(throttle: Throttle): void {
    this.page.throttle = throttle;
    this.#followers.happened({ kind: throttle === "none" ? "shown" : "hidden" });
    if (throttle === "none") {
      // Pages cannot tell whether they were only hidden, or frozen meanwhile.
      this.#tell("woken");
    }
  }

  #asked(): void {
    this.#followers.asked();
    const run = this.#duringQuestion;
    if (run !== undefined && this.awakeMs - this.#sleptAt > JUST_WOKEN_MS) {
      this.#duringQuestion = undefined;
      this.agenda.in(this.#rng.between(...SOON_MS), run);
    }
  }

  #tell(sign: Sign): void {
    this.agenda.in(this.#rng.exponential(TOLD_AFTER_MS), () =>
      this.machine.whenAwake(() => {
        if (this.wakeEvents.count > 0) {
          this.wakeEvents.tell(sign);
          this.#followers.happened({ kind: "told", sign });
        }
      }),
    );
  }
}
