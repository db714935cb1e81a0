/** A network between a page and the server: two directions, each with delays of its own. */
import type { Agenda } from "../virtual/agenda.js";
import type { Rng } from "../virtual/random.js";

/** Delays that only some packets meet: the chance of it, and how long, in milliseconds. */
export interface Spike {
  readonly chance: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One direction of a path. All times are in milliseconds. */
export interface Direction {
  /** Nothing is ever faster. */
  readonly baseMs: number;
  /** What each packet waits by itself, exponential, on average. */
  readonly jitterMs: number;
  /** A packet waits for a turn that comes this often, uniform; as on mobile uplinks. */
  readonly turnMs: number;
  /** A queue that all packets meet alike and that varies slowly, log-normal. */
  readonly queue: { readonly meanMs: number; readonly spread: number; readonly memoryMs: number };
  readonly spikes: readonly Spike[];
  /** The chance that a packet is lost, and TCP sends it again when it has waited long enough. */
  readonly resendChance: number;
}

/** A path. */
export interface PathTraits {
  readonly there: Direction;
  readonly back: Direction;
  /** The chance that an exchange gets no answer at all. */
  readonly lossChance: number;
  /** Round trips that it takes to connect. */
  readonly connectTrips: number;
  /** What it takes besides when nothing was sent for a while, as a mobile radio has to be woken. */
  readonly radioWakesMs: readonly [number, number];
}

/** TCP waits so long at least before it sends again, in milliseconds, then twice as long. */
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

  /** A new connection does not wait for what is on its way over another. */
  forgetOrder(): void {
    this.#lastArrival = 0;
  }

  /** When something arrives that leaves at a time. */
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
    const kept = Math.exp(-Math.max(0, time - this.#queueAt) / memoryMs);
    this.#queue = kept * this.#queue + Math.sqrt(1 - kept ** 2) * this.#rng.normal();
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
  /** Whether anything gets through. */
  isUp = true;

  constructor(agenda: Agenda, traits: PathTraits, rng: Rng) {
    this.#agenda = agenda;
    this.#traits = traits;
    this.#rng = rng;
    this.#there = new Lane(traits.there, rng);
    this.#back = new Lane(traits.back, rng);
  }

  /** By how much the two directions differ at their best. */
  get asymmetryMs(): number {
    return Math.abs(this.#traits.there.baseMs - this.#traits.back.baseMs);
  }

  /** When the server gets a question that leaves now. */
  arrivesThere(): number {
    this.#usedAt = this.#agenda.now;
    return this.#there.arrival(this.#agenda.now);
  }

  /** When the page's machine gets an answer that leaves now. */
  arrivesBack(): number {
    this.#usedAt = this.#agenda.now;
    return this.#back.arrival(this.#agenda.now);
  }

  /** How long a new connection takes. */
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

  /** When an exchange was lost last. */
  get lostAt(): number {
    return this.#lostAt;
  }

  /** Whether the exchange that begins now gets no answer. */
  isLost(): boolean {
    const isLost = this.#rng.chance(this.#traits.lossChance);
    this.#lostAt = isLost ? this.#agenda.now : this.#lostAt;
    return isLost;
  }
}
