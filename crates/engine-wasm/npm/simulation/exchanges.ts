/** Requests for a server's time, as a page sends them over HTTP: connection, request, response, and all that can go wrong. */
import type { AskTime, Exchange } from "../src/clock/inputs.js";
import type { Agenda } from "../src/testing/virtual/agenda.js";
import type { Machine } from "../src/testing/virtual/machine.js";
import type { Page } from "../src/testing/virtual/page.js";
import type { Rng } from "../src/testing/virtual/random.js";
import type { Network } from "./network.js";
import type { Server, Servers } from "./servers.js";

/** An exchange as seen by a page that does not use Resource Timing: `Date.now()` around `fetch`. */
export interface PlainExchange {
  readonly askedWallMs: number;
  readonly answeredWallMs: number;
  /** The server's time, halfway through its work. */
  readonly serverMs: number;
}

/** Observes the requests. */
export interface ExchangeObserver {
  /** A request is about to be sent. */
  asked(): void;
  /** A request from `askedAt` leaves the machine, and may reach a server. */
  left(askedAt: number): void;
  /** A response is about to be delivered. */
  answering(): void;
  /** A response was delivered. */
  answered(exchange: Exchange, plain: PlainExchange): void;
  /** A request failed. */
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
  /** Whether the stamps come from Resource Timing. The first is then taken once the connection exists. */
  readonly hasResourceTiming: boolean;
}

/** Servers and proxies close connections that are idle for this long, in milliseconds. */
const KEEP_ALIVE_MS = 5_000;
/** The timeout of a request, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** The chance that a browser knows that it is offline and fails at once. */
const KNOWS_OUTAGE_CHANCE = 0.5;
/** The chance that a connection survives a sleep of less than this, in milliseconds. */
const OUTLIVED_SLEEP = { shorterThanMs: 60_000, chance: 0.6, resentWithinMs: 300 } as const;
/** The code of an error if the browser cannot send the request, or finds the connection dead. */
const UNREACHABLE = "unreachable";
/** Otherwise the connection is found dead soon, or only at the timeout. */
const FOUND_DEAD = { chance: 0.8, withinMs: 1_000 } as const;

/** Sends requests over one connection, which is replaced when it was idle for a while. */
export class TimeRequests {
  readonly #route: Route;
  readonly #observer: ExchangeObserver;
  #connected: Server;
  #connectedAt = 0;
  #usedAt = Number.NEGATIVE_INFINITY;

  constructor(route: Route, observer: ExchangeObserver) {
    this.#route = route;
    this.#observer = observer;
    this.#connected = route.servers.connect();
  }

  readonly ask: AskTime = (signal) => {
    this.#observer.asked();
    return new Promise<Exchange>((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => trip.fail("aborted");
      const trip = new Trip(this.#route, this.#observer, this.#connected, resolve, reject, () =>
        signal.removeEventListener("abort", onAbort),
      );
      signal.addEventListener("abort", onAbort);
      const { agenda, page } = this.#route;
      agenda.in(page.handedOverAfter(), () => this.#leave(trip));
    });
  };

  #leave(trip: Trip): void {
    const { agenda, network, servers } = this.#route;
    const { now } = agenda;
    if (now - this.#usedAt > KEEP_ALIVE_MS) {
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

  /** Drops the connection, as after a long sleep or a change of network. */
  disconnect(): void {
    this.#usedAt = Number.NEGATIVE_INFINITY;
  }
}

/** One exchange in flight. */
class Trip {
  readonly #route: Route;
  readonly #observer: ExchangeObserver;
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
    observer: ExchangeObserver,
    server: Server,
    resolve: (exchange: Exchange) => void,
    reject: (reason: Error) => void,
    atEnd: () => void,
  ) {
    this.#route = route;
    this.#observer = observer;
    this.server = server;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#atEnd = atEnd;
    this.#askedAt = route.agenda.now;
    this.#askedMs = route.machine.monotonicMs();
    this.#askedWallMs = route.machine.wallMs();
  }

  /** Sends the request over the connection. */
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
      this.#observer.left(this.#askedAt);
      if (network.isLost()) {
        this.#failIn(TIMEOUT_MS);
      } else {
        agenda.at(network.arrivesThere(), () => this.#reachServer(andThen));
      }
    });
  }

  /** Fails the exchange. */
  fail(why: string): void {
    if (!this.#isOver) {
      this.#end();
      this.#reject(Object.assign(new Error(why), { code: why }));
      this.#observer.failed(why);
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
      this.#failIn(TIMEOUT_MS);
    }
  }

  /** Handles a response to a sleeping machine: the server resends it for a while, then gives up. */
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

  /** Takes the response on the machine. The page notices it a little later. */
  #arrive(receivedMs: number, sentMs: number): void {
    const { agenda, machine, page, hasResourceTiming } = this.#route;
    const arrivedMs = machine.monotonicMs();
    agenda.in(page.noticedAfter(), () =>
      machine.whenAwake(() =>
        this.#deliver(receivedMs, sentMs, hasResourceTiming ? arrivedMs : machine.monotonicMs()),
      ),
    );
  }

  #deliver(receivedMs: number, sentMs: number, answeredMs: number): void {
    if (this.#isOver) {
      return;
    }
    this.#end();
    const { agenda, machine } = this.#route;
    this.#observer.answering();
    this.server.heardAt = agenda.now;
    const exchange = {
      askedMs: this.#askedMs,
      receivedMs,
      sentMs,
      answeredMs,
      server: this.server.clock.name,
    };
    this.#resolve(exchange);
    this.#observer.answered(exchange, {
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
      this.#failIn(TIMEOUT_MS);
    }
  }

  #findDead(): void {
    const { rng } = this.#route;
    if (rng.chance(FOUND_DEAD.chance)) {
      this.#failIn(rng.between(0, FOUND_DEAD.withinMs), UNREACHABLE);
    } else {
      this.#failIn(TIMEOUT_MS);
    }
  }

  #failIn(ms: number, why = "timeout"): void {
    const { agenda, machine } = this.#route;
    agenda.in(ms, () => machine.whenAwake(() => this.fail(why)));
  }
}
