/** A session: one clock in one world from start to end, checked all the time. */
import type { Exchange } from "../src/clock/inputs.js";
import { Rng } from "../src/testing/virtual/random.js";
import { Comparison } from "./comparison.js";
import type { PlainExchange } from "./exchanges.js";
import type { Measures } from "./measures.js";
import { Promises } from "./promises.js";
import { Recovery } from "./recovery.js";
import type { Scenario } from "./scenarios.js";
import { type Disturbance, SimulatedWorld, type WorldTraits } from "./simulated-world.js";
import type { MakeSubject, Reading, Subject } from "./subject.js";

/** A reading and its error. */
export interface Observation {
  readonly atMs: number;
  /** How far the reading was from the truth. */
  readonly errorMs: number;
  readonly reading: Reading;
}

/** Receives more than the measurements. */
export interface SessionObserver {
  /** A line of the log. */
  log?(atMs: number, line: string): void;
  seen?(seen: Observation): void;
}

/**
 * Reactions to promises run one after another. This many rounds let any chain in a clock finish before time advances. A test
 * shows that more rounds change nothing.
 */
export const ROUNDS_OF_REACTIONS = 24;
/** Shorter outages are not measured. */
const LONG_OUTAGE_MS = 60_000;
/** The time to slew a correction of 5 ms, in milliseconds. */
const SETTLED_AFTER_MS = 1_000;
/** More events than this mean that a clock loops forever. */
const MOST_EVENTS = 2_000_000;

/** One session. */
export class Session {
  readonly #scenario: Scenario;
  readonly #seed: number;
  readonly #measures: Measures;
  readonly #observer: SessionObserver;
  readonly #rounds: number;
  readonly #rng: Rng;
  readonly #world: SimulatedWorld;
  readonly #promises: Promises;
  readonly #clock: Subject;
  readonly #comparison: Comparison;
  readonly #recovery: Recovery;
  #isReady = false;
  #hasReactions = true;
  #hasAnswer = false;

  constructor(
    scenario: Scenario,
    seed: number,
    make: MakeSubject,
    measures: Measures,
    observer: SessionObserver = {},
    rounds = ROUNDS_OF_REACTIONS,
  ) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#measures = measures;
    this.#observer = observer;
    this.#rounds = rounds;
    const name = `${scenario.name} ${seed}`;
    this.#rng = new Rng(`${name} session`);
    this.#promises = new Promises((breach) => {
      measures.addBreach({ ...breach, scenario: scenario.name, seed });
      this.#log(`BROKEN: ${breach.promise}: ${breach.detail}`);
    });
    this.#world = new SimulatedWorld(scenario.traits(new Rng(`${name} traits`)), name, {
      asked: () => this.#asked(),
      left: (askedAt) => this.#promises.asked(askedAt),
      answering: () => this.#lookBefore(),
      answered: (exchange, plain) => this.#answered(exchange, plain),
      failed: (why) => this.#failed(why),
      timerRan: () => this.#touched(),
      happened: (disturbance) => this.#happened(disturbance),
    });
    this.#comparison = new Comparison(this.#world, measures);
    this.#recovery = new Recovery(this.#world, measures, this.#promises, () => this.#look()?.reading);
    this.#clock = this.#start(make);
    this.#planReads();
  }

  get traits(): WorldTraits {
    return this.#world.traits;
  }

  /** Runs the session. */
  async run(): Promise<void> {
    const { agenda } = this.#world;
    for (let events = 0; ; events += 1) {
      if (this.#hasReactions) {
        this.#hasReactions = false;
        await this.#react();
      }
      if (this.#hasAnswer) {
        // Reads the clock after each response, before the next event.
        this.#hasAnswer = false;
        this.#look();
        continue;
      }
      if (!agenda.doNext(this.#world.endsAt)) {
        break;
      }
      if (events > MOST_EVENTS) {
        throw new Error(`${this.#scenario.name} ${this.#seed} does not end`);
      }
    }
    await this.#close();
    const { counts } = this.#measures;
    counts.sessions += 1;
    counts.awakeMs += this.#world.traits.awakeMs;
  }

  #start(make: MakeSubject): Subject {
    const { machine, page, requests, pageWakeEvents: wakeEvents } = this.#world;
    const rng = new Rng(`${this.#scenario.name} ${this.#seed} clock`);
    const parts = { time: machine, timers: page, random: () => rng.unit(), ask: requests.ask };
    const clock = make(wakeEvents === undefined ? parts : { ...parts, wakeEvents });
    clock.onSync((reading) => this.#synced(reading));
    return clock;
  }

  /** Closes the clock, and checks that it leaves nothing behind. */
  async #close(): Promise<void> {
    const { agenda, page } = this.#world;
    const requests = this.#measures.counts.requests;
    this.#clock.close();
    await this.#react();
    if (page.pending > 0) {
      this.#promises.leftBehind(`${page.pending} timers`, agenda.now);
    }
    if (this.#measures.counts.requests > requests) {
      this.#promises.leftBehind("a request", agenda.now);
    }
    // Unhandled rejections surface only after all reactions.
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #react(): Promise<void> {
    for (let round = 0; round < this.#rounds; round += 1) {
      await null;
    }
    if (!this.#isReady && this.#clock.isReady) {
      this.#isReady = true;
      this.#measures.series("ready").add(this.#world.agenda.now);
    }
  }

  #touched(): void {
    this.#hasReactions = true;
  }

  #planReads(): void {
    const { agenda, machine, traits } = this.#world;
    agenda.in(this.#rng.exponential(traits.readsEveryMs), () => {
      if (!machine.isAsleep) {
        this.#lookAtRandom();
      }
      this.#planReads();
    });
  }

  #asked(): void {
    this.#measures.counts.requests += 1;
    this.#recovery.asked();
    this.#log("sends a request");
  }

  #answered(exchange: Exchange, plain: PlainExchange): void {
    this.#touched();
    this.#hasAnswer = true;
    this.#comparison.answered(plain);
    const { askedMs, receivedMs, sentMs, answeredMs, server } = exchange;
    this.#log(
      `${server} responds: asked ${askedMs.toFixed(3)}, received ${receivedMs.toFixed(3)}, ` +
        `sent ${sentMs.toFixed(3)}, answered ${answeredMs.toFixed(3)}`,
    );
  }

  #failed(why: string): void {
    this.#touched();
    this.#log(`a request fails: ${why}`);
  }

  #synced(reading: Reading): void {
    this.#measures.counts.syncs += 1;
    this.#comparison.synced();
    const seen = this.#check(reading);
    this.#promises.synced();
    this.#log(`sync: error ${seen.errorMs.toFixed(3)}, bound ${reading.errorMs.toFixed(3)}`);
    this.#comparison.measure("sync", reading);
    this.#recovery.synced(reading);
    this.#planLookWhenSettled();
  }

  /** Plans a reading for when the correction of a sync has been slewed. */
  #planLookWhenSettled(): void {
    const { agenda, machine } = this.#world;
    const syncs = this.#measures.counts.syncs;
    agenda.in(SETTLED_AFTER_MS, () => {
      const seen = machine.isAsleep ? undefined : this.#look();
      if (seen?.reading.synced && this.#measures.counts.syncs === syncs) {
        this.#comparison.measure("settled", seen.reading);
      }
    });
  }

  /** Reads the clock before a response, though not always: a reading itself can make a clock notice something. */
  #lookBefore(): void {
    if (this.#rng.chance(0.5)) {
      this.#look();
    }
  }

  /** Reads the clock if it is ready. */
  #look(): Observation | undefined {
    if (!this.#isReady) {
      return undefined;
    }
    this.#touched();
    try {
      return this.#check(this.#clock.read());
    } catch (error) {
      this.#promises.threw(error, this.#world.agenda.now);
      return undefined;
    }
  }

  #lookAtRandom(): void {
    const seen = this.#look();
    if (seen === undefined || !this.#world.network.isUp) {
      return;
    }
    if (seen.reading.synced) {
      this.#comparison.measure("random", seen.reading);
    } else {
      this.#measures.counts.unsynced += 1;
    }
  }

  #check(reading: Reading): Observation {
    const atMs = this.#world.agenda.now;
    const truth = this.#world.servers.truth();
    this.#measures.counts.readings += 1;
    this.#promises.read(reading, { atMs, monotonicMs: this.#world.machine.monotonicMs(), truth });
    const seen = { atMs, reading, errorMs: this.#comparison.errorOf(reading.now) };
    this.#observer.seen?.(seen);
    return seen;
  }

  #happened(disturbance: Disturbance): void {
    this.#log(JSON.stringify(disturbance));
    this.#touched();
    switch (disturbance.kind) {
      case "slept":
        this.#recovery.disrupted(disturbance.hasDiverged ? disturbance.lengthMs : 0, "asleep");
        break;
      case "wall set":
        this.#recovery.disrupted(disturbance.byMs, "set");
        break;
      case "network back":
        this.#networkBack();
        break;
      case "wake event":
        if (disturbance.event === "woken") {
          this.#recovery.learned();
        }
        break;
      default:
    }
  }

  /** Measures the error at the last moment of an outage. */
  #networkBack(): void {
    const { agenda, machine, servers } = this.#world;
    const heardAt = Math.max(...servers.all.map((server) => server.heardAt));
    const isLong = agenda.now - heardAt >= LONG_OUTAGE_MS;
    if (!isLong || machine.isAsleep || this.#recovery.disruptedAt > heardAt) {
      return;
    }
    const seen = this.#look();
    if (seen !== undefined) {
      this.#comparison.measure("offline", seen.reading);
    }
  }

  #log(line: string): void {
    this.#observer.log?.(this.#world.agenda.now, line);
  }
}
