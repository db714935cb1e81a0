/** The state of the page, and the actions of a visitor. The views only read it. */
import { loadEngine, type NewSession } from "tickseed";

import { PLAYERS_AT_MOST, type Wanted, withSession } from "./address.js";
import { CHARACTERS } from "./board/characters.js";
import { Meter } from "./board/meter.js";
import { Seat } from "./board/seat.js";
import { Host } from "./controls/host.js";
import { machineNow } from "./machine-time.js";
import type { Relayed, Shown } from "./player/messages.js";
import { EventHub } from "./session/event-hub.js";
import { KnownSession } from "./session/known-session.js";
import { create, createFirst, join, type Opened, reasonOf, untilReached } from "./session/opening.js";
import { Tokens, tabStorage } from "./session/tokens.js";
import { Navigation } from "./timeline/navigation.js";
import { Bench } from "./verdict/bench.js";

/** What the page says instead of players. */
export interface Trouble {
  readonly kind: "loading" | "silent" | "broken";
  readonly words: string;
}

/** The player with the planted fault: the fourth, or the last one. Its network is perfect, so an error of a single tick shows. */
const FAULTY = 3;

export class App {
  readonly wanted: Wanted;
  readonly tokens = new Tokens(tabStorage());
  readonly navigation: Navigation;
  readonly meter = new Meter();
  #trouble: Trouble | undefined = { kind: "loading", words: "Loading…" };
  #session: KnownSession | undefined;
  #hub: EventHub | undefined;
  #bench: Bench | undefined;
  #host: Host | undefined;
  #seats: readonly Seat[] = [];
  #wantedSeats: number;
  /** Which seat gets the planted fault. */
  readonly #faultySeat: number;
  #lastExample: Shown | undefined;
  /** Which attempt to open a session is the latest. */
  #attempt = 0;
  #revision = 0;
  readonly #played: () => void;
  readonly #changed: () => void;

  /** @param played Called whenever there is something else to be seen. */
  constructor(wanted: Wanted, played: () => void) {
    this.wanted = wanted;
    this.#played = played;
    const changed = (): void => this.change();
    this.#changed = changed;
    this.#wantedSeats = wanted.players;
    this.#faultySeat = Math.min(FAULTY, wanted.players - 1);
    this.navigation = new Navigation(changed);
  }

  /** Counts everything that happens except the players' steps. */
  get revision(): number {
    return this.#revision;
  }

  /** Notes that something has happened besides the players' steps. */
  change(): void {
    this.#revision += 1;
    this.#played();
  }

  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  get session(): KnownSession | undefined {
    return this.#session;
  }

  get bench(): Bench | undefined {
    return this.#bench;
  }

  get host(): Host | undefined {
    return this.#host;
  }

  get seats(): readonly Seat[] {
    return this.#seats;
  }

  get playerCount(): number {
    return this.#wantedSeats;
  }

  /** The player behind the large counter: of those that nobody contradicts, the one that knows the time best. */
  get example(): Seat | undefined {
    const culprits = new Set(this.#bench?.culprits.map(({ player }) => player));
    const fit = this.#seats.filter(
      ({ id, shown, isAsleep }) => shown !== undefined && !isAsleep && !culprits.has(id),
    );
    return fit.reduce<Seat | undefined>(
      (best, seat) => (errorOf(seat) < errorOf(best) ? seat : best),
      undefined,
    );
  }

  /** The server's time, as the best of the players knows it, or knew it last. */
  get now(): number {
    const shown = this.example?.shown ?? this.#lastExample;
    this.#lastExample = shown;
    return shown === undefined ? Date.now() : shown.now + (machineNow() - shown.from);
  }

  /** Opens the session of the address, or a new one. */
  start(): Promise<void> {
    const { server, session } = this.wanted;
    return this.#open(() =>
      session === undefined ? createFirst(server, this.tokens) : join(server, session),
    );
  }

  /** Replaces the session by a new one. */
  renew(wish: NewSession): Promise<void> {
    return this.#open(() => create(this.wanted.server, wish, this.tokens));
  }

  setPlayerCount(players: number): void {
    this.#wantedSeats = Math.min(Math.max(players, 1), PLAYERS_AT_MOST);
    this.#fillSeats();
    this.#changed();
  }

  /** Runs due work. Called a few times a second. */
  tick(): void {
    this.meter.note(this.#seats);
    this.#bench?.tick();
    this.#changed();
  }

  async #open(open: () => Promise<Opened>): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#close();
    if (this.wanted.problem !== undefined) {
      this.#say({ kind: "broken", words: this.wanted.problem });
      return;
    }
    this.#say({ kind: "loading", words: "Loading…" });
    try {
      const silent = (): void =>
        this.#say({ kind: "silent", words: "The server does not answer. Trying again…" });
      const [opened] = await Promise.all([untilReached(open, silent), loadEngine()]);
      if (attempt === this.#attempt) {
        this.#play(opened);
      }
    } catch (error) {
      if (attempt === this.#attempt) {
        this.#say({ kind: "broken", words: reasonOf(error) });
      }
    }
  }

  #play({ address, record }: Opened): void {
    history.replaceState(null, "", withSession(record.id, location.href));
    const session = new KnownSession(address, record, this.#changed);
    const hub = new EventHub(address);
    hub.join((relayed) => this.#hear(session, relayed));
    this.#session = session;
    this.#hub = hub;
    this.#bench = new Bench(this.wanted.server, session, this.#changed, (record) => {
      // As if the page's stream had brought it.
      this.#hear(session, { type: "session", event: { data: JSON.stringify(record) } });
    });
    this.#host = new Host(session, this.tokens.of(address, record.id), () => this.now, this.#changed);
    this.#trouble = undefined;
    this.meter.begin();
    this.#fillSeats();
    this.#changed();
  }

  /** Takes an event of the stream. Shows no session that the page no longer understands. */
  #hear(session: KnownSession, relayed: Relayed): void {
    try {
      session.hear(relayed);
      this.#bench?.hear(relayed);
      this.#changed();
    } catch (error) {
      this.#close();
      this.#say({ kind: "broken", words: reasonOf(error) });
    }
  }

  #close(): void {
    for (const seat of this.#seats) {
      seat.close();
    }
    this.#seats = [];
    this.#hub?.close();
    this.#hub = undefined;
    this.#bench?.close();
    this.#session?.close();
    this.#session = undefined;
    this.#bench = undefined;
    this.#host = undefined;
    this.#lastExample = undefined;
    this.navigation.follow();
  }

  #fillSeats(): void {
    const [session, hub, bench] = [this.#session, this.#hub, this.#bench];
    if (session === undefined || hub === undefined || bench === undefined) {
      return;
    }
    for (const seat of this.#seats.slice(this.#wantedSeats)) {
      seat.close();
      this.meter.keep(seat);
    }
    const kept = this.#seats.slice(0, this.#wantedSeats);
    const game = { address: session.address, tickMs: session.record.tick_ms, hub };
    const more = CHARACTERS.slice(kept.length, this.#wantedSeats).map((character, index) => {
      const fault = kept.length + index === this.#faultySeat ? this.wanted.fault : undefined;
      return new Seat(character, game, fault, {
        shown: (seat: Seat, shown: Shown) => bench.see(seat, shown),
        left: (seat: Seat) => bench.forget(seat),
        changed: this.#played,
      });
    });
    this.#seats = [...kept, ...more];
    bench.seats = this.#seats;
  }

  #say(trouble: Trouble): void {
    this.#trouble = trouble;
    this.#changed();
  }
}

function errorOf(seat: Seat | undefined): number {
  return seat?.shown?.errorMs ?? Number.POSITIVE_INFINITY;
}
