/** Asks a server for its time, as a page does by HTTP: connection, question, answer, and what can go wrong. */
import type { AskTime, Exchange } from "../src/clock/ports.js";
import type { Agenda } from "../virtual/agenda.js";
import type { Machine } from "../virtual/machine.js";
import type { Page } from "../virtual/page.js";
import type { Rng } from "../virtual/random.js";
import type { Network } from "./network.js";
import type { Server, Servers } from "./servers.js";

/** An exchange as a page sees it that knows nothing of Resource Timing: `Date.now()` around `fetch`. */
export interface PlainExchange {
  readonly askedWallMs: number;
  readonly answeredWallMs: number;
  /** The server's time, in the middle of its work. */
  readonly serverMs: number;
}

/** What follows the questions. */
export interface Followers {
  /** A question is asked. */
  asked(): void;
  /** A question that was asked at a time goes out, and may reach a server. */
  left(askedAt: number): void;
  /** An answer is about to be told. */
  answering(): void;
  /** An answer was told. */
  answered(exchange: Exchange, plain: PlainExchange): void;
  /** It was told that no answer comes. */
  failed(why: string): void;
}

/** The parts of the world that an exchange goes through. */
export interface Route {
  readonly agenda: Agenda;
  readonly machine: Machine;
  readonly page: Page;
  readonly network: Network;
  readonly servers: Servers;
  readonly rng: Rng;
  /** Whether stamps are those of Resource Timing: taken by the browser itself, the first when the connection is there. */
  readonly hasResourceTiming: boolean;
}

/** Servers and proxies close connections that nobody used for this long, in milliseconds. */
const KEPT_FOR_MS = 5_000;
/** A page that gets no answer gives up after this time. */
const GIVES_UP_AFTER_MS = 10_000;
/** The chance that a browser knows of having no network, and so says at once that it has none. */
const KNOWS_OUTAGE_CHANCE = 0.5;
/** Connections outlive a sleep that is shorter than this, in milliseconds, with some chance. */
const OUTLIVED_SLEEP = { shorterThanMs: 60_000, chance: 0.6, resentWithinMs: 300 } as const;
/** The code that an error has if the browser could not send the question, or found the connection dead. */
const UNREACHABLE = "unreachable";
/** The others are found dead soon, or only when the page gives up. */
const FOUND_DEAD = { chance: 0.8, withinMs: 1_000 } as const;

/** Asks over one connection, which is made anew when it was not used for a while. */
export class Asking {
  readonly #route: Route;
  readonly #followers: Followers;
  #connected: Server;
  #connectedAt = 0;
  #usedAt = Number.NEGATIVE_INFINITY;

  constructor(route: Route, followers: Followers) {
    this.#route = route;
    this.#followers = followers;
    this.#connected = route.servers.connect();
  }

  readonly ask: AskTime = (signal) => {
    this.#followers.asked();
    return new Promise<Exchange>((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const heed = (): void => trip.fail("nobody waits");
      const trip = new Trip(this.#route, this.#followers, this.#connected, resolve, reject, () =>
        signal.removeEventListener("abort", heed),
      );
      signal.addEventListener("abort", heed);
      const { agenda, page } = this.#route;
      agenda.in(page.handedOverAfter(), () => this.#leave(trip));
    });
  };

  #leave(trip: Trip): void {
    const { agenda, network, servers } = this.#route;
    const { now } = agenda;
    if (now - this.#usedAt > KEPT_FOR_MS) {
      this.#connected = servers.connect();
      this.#connectedAt = now + network.connecting();
    }
    trip.server = servers.answering(this.#connected);
    this.#usedAt = Math.max(now, this.#connectedAt);
    agenda.at(this.#connectedAt, () =>
      trip.leave(() => {
        this.#usedAt = agenda.now;
      }),
    );
  }

  /** All connections are dead, as after a long sleep or when the network has changed. */
  disconnect(): void {
    this.#usedAt = Number.NEGATIVE_INFINITY;
  }
}

/** One exchange on its way. */
class Trip {
  readonly #route: Route;
  readonly #followers: Followers;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #reject: (reason: Error) => void;
  readonly #atEnd: () => void;
  readonly #askedAt: number;
  readonly #askedWallMs: number;
  #askedMs: number;
  #isOver = false;
  server: Server;

  constructor(
    route: Route,
    followers: Followers,
    server: Server,
    resolve: (exchange: Exchange) => void,
    reject: (reason: Error) => void,
    atEnd: () => void,
  ) {
    this.#route = route;
    this.#followers = followers;
    this.server = server;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#atEnd = atEnd;
    this.#askedAt = route.agenda.now;
    this.#askedMs = route.machine.monotonicMs();
    this.#askedWallMs = route.machine.wallMs();
  }

  /** The connection is there, and the question goes out. */
  leave(andThen: () => void): void {
    const { machine, network, agenda, hasResourceTiming } = this.#route;
    machine.whenAwake(() => {
      if (hasResourceTiming) {
        this.#askedMs = machine.monotonicMs();
      }
      if (!network.isUp) {
        this.#dieOffline();
        return;
      }
      this.#followers.left(this.#askedAt);
      if (network.isLost()) {
        this.#failIn(GIVES_UP_AFTER_MS);
      } else {
        agenda.at(network.arrivesThere(), () => this.#reachServer(andThen));
      }
    });
  }

  /** Tells that no answer comes. */
  fail(why: string): void {
    if (!this.#isOver) {
      this.#end();
      this.#reject(Object.assign(new Error(why), { code: why }));
      this.#followers.failed(why);
    }
  }

  #reachServer(andThen: () => void): void {
    const { agenda, network, servers } = this.#route;
    const receivedMs = this.server.clock.stampMs;
    agenda.in(servers.answersAfter(), () => {
      const sentMs = this.server.clock.stampMs;
      agenda.at(network.arrivesBack(), () => {
        andThen();
        this.#comeBack(receivedMs, sentMs);
      });
    });
  }

  #comeBack(receivedMs: number, sentMs: number): void {
    const { machine, network } = this.#route;
    if (machine.isAsleep) {
      this.#comeBackAsleep(receivedMs, sentMs);
    } else if (network.isUp) {
      this.#arrive(receivedMs, sentMs);
    } else {
      this.#failIn(GIVES_UP_AFTER_MS);
    }
  }

  /** The server has sent the answer again and again meanwhile, or given up. */
  #comeBackAsleep(receivedMs: number, sentMs: number): void {
    const { agenda, machine, network, rng } = this.#route;
    const arrivedAt = agenda.now;
    machine.whenAwake(() => {
      const sleptMs = agenda.now - arrivedAt;
      const outlived = sleptMs < OUTLIVED_SLEEP.shorterThanMs && rng.chance(OUTLIVED_SLEEP.chance);
      if (outlived && network.isUp) {
        agenda.in(rng.between(0, OUTLIVED_SLEEP.resentWithinMs), () => this.#comeBack(receivedMs, sentMs));
      } else {
        this.#findDead();
      }
    });
  }

  /** The machine has the answer; the page learns of it a little later. */
  #arrive(receivedMs: number, sentMs: number): void {
    const { agenda, machine, page, hasResourceTiming } = this.#route;
    const arrivedMs = machine.monotonicMs();
    agenda.in(page.noticedAfter(), () =>
      machine.whenAwake(() =>
        this.#tell(receivedMs, sentMs, hasResourceTiming ? arrivedMs : machine.monotonicMs()),
      ),
    );
  }

  #tell(receivedMs: number, sentMs: number, answeredMs: number): void {
    if (this.#isOver) {
      return;
    }
    this.#end();
    const { agenda, machine } = this.#route;
    this.#followers.answering();
    this.server.heardAt = agenda.now;
    const exchange = {
      askedMs: this.#askedMs,
      receivedMs,
      sentMs,
      answeredMs,
      server: this.server.clock.name,
    };
    this.#resolve(exchange);
    this.#followers.answered(exchange, {
      askedWallMs: this.#askedWallMs,
      answeredWallMs: machine.wallMs(),
      serverMs: (receivedMs + sentMs) / 2,
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#atEnd();
  }

  #dieOffline(): void {
    if (this.#route.rng.chance(KNOWS_OUTAGE_CHANCE)) {
      this.#failIn(this.#route.rng.exponential(5), UNREACHABLE);
    } else {
      this.#failIn(GIVES_UP_AFTER_MS);
    }
  }

  #findDead(): void {
    const { rng } = this.#route;
    if (rng.chance(FOUND_DEAD.chance)) {
      this.#failIn(rng.between(0, FOUND_DEAD.withinMs), UNREACHABLE);
    } else {
      this.#failIn(GIVES_UP_AFTER_MS);
    }
  }

  #failIn(ms: number, why = "timeout"): void {
    const { agenda, machine } = this.#route;
    agenda.in(ms, () => machine.whenAwake(() => this.fail(why)));
  }
}
