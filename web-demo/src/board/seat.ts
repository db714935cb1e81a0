/** A player as the page knows it: its worker, how its device and network are bent, and the state it showed last. */
import { messageBytes, type Streamed } from "../costs/costs.js";
import { machineNow } from "../machine-time.js";
import {
  addTraffic,
  type Bend,
  type Fault,
  type FromPlayer,
  NO_TRAFFIC,
  type Shown,
  type ToPlayer,
  type Traffic,
} from "../player/messages.js";
import type { EventHub } from "../session/event-hub.js";
import type { Character } from "./characters.js";

/** The session that a player joins. */
export interface Game {
  readonly address: string;
  readonly tickMs: number;
  readonly hub: EventHub;
}

/** Receives the reports of a player. */
export interface SeatObserver {
  shown(seat: Seat, shown: Shown): void;
  /** The player has left, or begins again. */
  left(seat: Seat): void;
  changed(): void;
}

/** How long a player hears nothing until the page says so, in milliseconds: a stream takes a moment to open. */
const DEAF_AFTER_MS = 3_000;

export class Seat {
  readonly character: Character;
  readonly fault: Fault | undefined;
  readonly #game: Game;
  readonly #observer: SeatObserver;
  #bend: Bend;
  #worker: Worker;
  /** The traffic of earlier workers of this player. */
  #before = NO_TRAFFIC;
  /** The traffic of the present worker. */
  #traffic = NO_TRAFFIC;
  #streamed: Streamed = { steps: 0, bytes: 0 };
  #shown: Shown | undefined;
  #isAsleep = false;
  #failure: string | undefined;
  #startedMs = machineNow();
  #joinedInMs: number | undefined;
  #takenBack: number | undefined;
  /** When changes could reach the player again, after it was unplugged, asleep, or joining, in milliseconds. */
  #reachableSinceMs = machineNow();
  #deafSinceMs: number | undefined;
  readonly #leaveStream = new Map<number, () => void>();

  constructor(character: Character, game: Game, fault: Fault | undefined, observer: SeatObserver) {
    this.character = character;
    this.fault = fault;
    this.#game = game;
    this.#observer = observer;
    this.#bend = character.bend;
    this.#worker = this.#start();
  }

  get id(): string {
    return this.character.id;
  }

  get name(): string {
    return this.character.name;
  }

  get bend(): Bend {
    return this.#bend;
  }

  get shown(): Shown | undefined {
    return this.#shown;
  }

  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  /** How long the player took from nothing to the right state, in milliseconds. */
  get joinedInMs(): number | undefined {
    return this.#joinedInMs;
  }

  /** How many steps a late change has taken back; `undefined` if none has. */
  get takenBack(): number | undefined {
    return this.#takenBack;
  }

  /** Since when changes can reach the player, by the machine's clock; `undefined` while they cannot. */
  get reachableSinceMs(): number | undefined {
    return this.#isAsleep || !this.#bend.isPlugged ? undefined : this.#reachableSinceMs;
  }

  /** Whether changes have not reached the player for a while, although it has a network. */
  get isDeaf(): boolean {
    return this.#deafSinceMs !== undefined && machineNow() - this.#deafSinceMs > DEAF_AFTER_MS;
  }

  /** Everything that the player has sent and received since the page was opened. */
  get traffic(): Traffic {
    return addTraffic(this.#before, this.#traffic);
  }

  /** The cost of streaming everything that the player has shown. */
  get streamed(): Streamed {
    return this.#streamed;
  }

  get startedMs(): number {
    return this.#startedMs;
  }

  change(bend: Partial<Bend>): void {
    const wasPlugged = this.#bend.isPlugged;
    this.#bend = { ...this.#bend, ...bend };
    if (this.#bend.isPlugged !== wasPlugged) {
      this.#reachableSinceMs = machineNow();
    }
    this.#tell({ kind: "bend", bend: this.#bend });
    this.#observer.changed();
  }

  sleep(forMs: number): void {
    this.#tell({ kind: "sleep", forMs });
  }

  /** Closes the player and starts it again, knowing nothing. */
  reload(): void {
    this.#end();
    this.#before = this.traffic;
    this.#traffic = NO_TRAFFIC;
    this.#startedMs = machineNow();
    this.#reachableSinceMs = machineNow();
    this.#worker = this.#start();
    this.#observer.changed();
  }

  close(): void {
    this.#end();
  }

  #start(): Worker {
    const worker = new Worker(new URL("../player/worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromPlayer>) => {
      if (worker === this.#worker) {
        this.#hear(data);
      }
    });
    worker.addEventListener("error", ({ message }) =>
      this.#fail(message || "the player's worker did not load", true),
    );
    const { address, tickMs } = this.#game;
    const start: ToPlayer = { kind: "start", address, bend: this.#bend, fault: this.fault, tickMs };
    worker.postMessage(start);
    return worker;
  }

  #end(): void {
    this.#worker.terminate();
    for (const leave of this.#leaveStream.values()) {
      leave();
    }
    this.#leaveStream.clear();
    this.#shown = undefined;
    this.#deafSinceMs = undefined;
    this.#isAsleep = false;
    this.#failure = undefined;
    this.#joinedInMs = undefined;
    this.#takenBack = undefined;
    this.#observer.left(this);
  }

  #hear(message: FromPlayer): void {
    if (message.kind === "shows") {
      this.#see(message.shown);
    } else if (message.kind === "traffic") {
      this.#traffic = message.traffic;
    } else if (message.kind === "stream") {
      this.#stream(message.stream, message.isOpen);
    } else if (message.kind === "asleep") {
      this.#isAsleep = message.isAsleep;
      this.#reachableSinceMs = machineNow();
    } else if (message.kind === "corrected") {
      this.#takenBack = (this.#takenBack ?? 0) + message.stepsTakenBack;
    } else {
      this.#fail(message.reason, message.isFinal);
    }
    this.#observer.changed();
  }

  #see(shown: Shown): void {
    this.#joinedInMs ??= machineNow() - this.#startedMs;
    this.#countSteps(shown);
    this.#shown = shown;
    this.#deafSinceMs = shown.isDeaf ? (this.#deafSinceMs ?? machineNow()) : undefined;
    this.#failure = undefined;
    this.#observer.shown(this, shown);
  }

  /** Counts every step since the last one that was shown. */
  #countSteps(shown: Shown): void {
    const before = this.#shown?.started === true ? this.#shown.step : shown.step - 1;
    const more = shown.started ? Math.max(0, shown.step - before) : 0;
    const { steps, bytes } = this.#streamed;
    this.#streamed = { steps: steps + more, bytes: bytes + more * messageBytes(shown) };
  }

  #fail(reason: string, isFinal: boolean): void {
    if (isFinal || this.#shown === undefined) {
      this.#failure = reason;
    }
    this.#observer.changed();
  }

  #stream(stream: number, isOpen: boolean): void {
    this.#leaveStream.get(stream)?.();
    this.#leaveStream.delete(stream);
    if (isOpen) {
      const leave = this.#game.hub.join((relayed) => this.#tell({ kind: "stream", stream, relayed }));
      this.#leaveStream.set(stream, leave);
    }
  }

  #tell(message: ToPlayer): void {
    this.#worker.postMessage(message);
  }
}
