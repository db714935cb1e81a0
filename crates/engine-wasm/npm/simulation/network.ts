/** A network between a page and a server: two directions with separate delays. */
import type { Agenda } from "../src/testing/virtual/agenda.js";
import type { Rng } from "../src/testing/virtual/random.js";

/** A delay that affects only some packets: its chance and its range in milliseconds. */
export interface Spike {
  readonly chance: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One direction of a path. All times are in milliseconds. */
export interface Direction {
  /** The minimum delay. */
  readonly baseMs: number;
  /** The mean of an exponential delay of each packet by itself. */
  readonly jitterMs: number;
  /** The period of the transmission slots that a packet waits for, as on mobile uplinks. The wait is uniform. */
  readonly turnMs: number;
  /** A queue that delays all packets alike and changes slowly. The delay is log-normal. */
  readonly queue: { readonly meanMs: number; readonly spread: number; readonly memoryMs: number };
  readonly spikes: readonly Spike[];
  /** The chance that a packet is lost and TCP resends it after a while. */
  readonly resendChance: number;
}

/** A path. */
export interface PathTraits {
  readonly there: Direction;
  readonly back: Direction;
  /** The chance that an exchange gets no response at all. */
  readonly lossChance: number;
  /** The number of round trips that connecting takes. */
  readonly connectTrips: number;
  /** The additional time to wake up a mobile radio after nothing was sent for a while. */
  readonly radioWakesMs: readonly [number, number];
}

/** The shortest time before TCP resends, in milliseconds. It doubles each time. */
const RESEND_MS = 200;
const MOST_RESENDS = 6;
const RADIO_SLEEPS_AFTER_MS = 10_000;

/** A direction in use. Packets of a connection arrive in the order in which they left. */
class Lane {
  readonly #traits: Direction;
  readonly #rng: Rng;
  #queue: number;
  #queueAt = 0;
  #lastArrival = 0;

  constructor(traits: Direction, rng: Rng) {
    this.#traits = traits;
    this.#rng = rng;
    this.#queue = rng.normal();
  }

  /** Lets packets of a new connection overtake those of the old one. */
  forgetOrder(): void {
    this.#lastArrival = 0;
  }

  /** Returns when a packet arrives that leaves at `time`. */
  arrival(time: number): number {
    this.#lastArrival = Math.max(this.#lastArrival, time + this.#delay(time));
    return this.#lastArrival;
  }

  #delay(time: number): number {
    const { baseMs, jitterMs, turnMs, spikes } = this.#traits;
    const rng = this.#rng;
    let delay = baseMs + this.#queued(time) + rng.exponential(jitterMs) + turnMs * rng.unit();
    for (const { chance, fromMs, toMs } of spikes) {
      delay += rng.chance(chance) ? rng.between(fromMs, toMs) : 0;
    }
    return delay + this.#resent();
  }

  #queued(time: number): number {
    const { meanMs, spread, memoryMs } = this.#traits.queue;
    if (meanMs === 0) {
      return 0;
    }
    const memory = Math.exp(-Math.max(0, time - this.#queueAt) / memoryMs);
    this.#queue = memory * this.#queue + Math.sqrt(1 - memory ** 2) * this.#rng.normal();
    this.#queueAt = Math.max(time, this.#queueAt);
    return meanMs * Math.exp(spread * this.#queue - spread ** 2 / 2);
  }

  #resent(): number {
    let waited = 0;
    for (let count = 0; count < MOST_RESENDS && this.#rng.chance(this.#traits.resendChance); count += 1) {
      waited += RESEND_MS * 2 ** count * this.#rng.between(1, 1.25);
    }
    return waited;
  }
}

/** A path in use. */
export class Network {
  readonly #agenda: Agenda;
  readonly #traits: PathTraits;
  readonly #rng: Rng;
  readonly #there: Lane;
  readonly #back: Lane;
  #usedAt = Number.NEGATIVE_INFINITY;
  #lostAt = Number.NEGATIVE_INFINITY;
  /** Whether packets get through. */
  isUp = true;

  constructor(agenda: Agenda, traits: PathTraits, rng: Rng) {
    this.#agenda = agenda;
    this.#traits = traits;
    this.#rng = rng;
    this.#there = new Lane(traits.there, rng);
    this.#back = new Lane(traits.back, rng);
  }

  /** The difference between the minimum delays of the two directions. */
  get asymmetryMs(): number {
    return Math.abs(this.#traits.there.baseMs - this.#traits.back.baseMs);
  }

  /** Returns when a request that leaves now reaches the server. */
  arrivesThere(): number {
    this.#usedAt = this.#agenda.now;
    return this.#there.arrival(this.#agenda.now);
  }

  /** Returns when a response that leaves now reaches the machine. */
  arrivesBack(): number {
    this.#usedAt = this.#agenda.now;
    return this.#back.arrival(this.#agenda.now);
  }

  /** Returns how long a new connection takes. */
  connecting(): number {
    const { now } = this.#agenda;
    this.#there.forgetOrder();
    this.#back.forgetOrder();
    const wakes =
      now - this.#usedAt > RADIO_SLEEPS_AFTER_MS ? this.#rng.between(...this.#traits.radioWakesMs) : 0;
    let connectedAt = now + wakes;
    for (let trip = 0; trip < this.#traits.connectTrips; trip += 1) {
      connectedAt = this.#back.arrival(this.#there.arrival(connectedAt));
    }
    return connectedAt - now;
  }

  /** When an exchange was last lost. */
  get lostAt(): number {
    return this.#lostAt;
  }

  /** Decides whether the exchange that begins now gets no response. */
  isLost(): boolean {
    const isLost = this.#rng.chance(this.#traits.lossChance);
    this.#lostAt = isLost ? this.#agenda.now : this.#lostAt;
    return isLost;
  }
}
