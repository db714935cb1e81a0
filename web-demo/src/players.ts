/** The players. Each has its own device, timeline and clock, and players never communicate. */
import { type Round, type State, Timeline } from "tickseed";

import { type Correction, correction, deviceTime, type Exchange, seenBy, serverTime } from "./clock.js";
import type { SessionAnswer } from "./server.js";

/** A player's identity and situation. */
export interface Character {
  readonly id: string;
  readonly name: string;
  readonly situation: "early" | "late" | "offline" | "wrong clock";
  /** The error of the device's clock. */
  readonly clockErrorUs: number;
  /** How long the player stays before leaving and rejoining with no prior knowledge. */
  readonly rejoinsAfterMs?: number;
}

/** What a player received when joining. */
export interface Handout {
  readonly session: SessionAnswer;
  /** The exchange about the time, as seen by a device with a correct clock. */
  readonly exchange: Exchange;
}

/** What a player computes at one moment. */
export interface View extends State {
  /** The player's estimate of the server's time, in milliseconds. */
  readonly instant: number;
  /** The time on the player's own device, in milliseconds. */
  readonly deviceMs: number;
  /** The time until step 0; 0 from then on. */
  readonly startsInMs: number;
  /** The last break, if there was one. */
  readonly lastBreak: { readonly ageMs: number; readonly after: number } | undefined;
}

export const CHARACTERS: readonly Character[] = [
  { id: "anna", name: "Anna", situation: "early", clockErrorUs: 0 },
  { id: "ben", name: "Ben", situation: "late", clockErrorUs: 0, rejoinsAfterMs: 10_000 },
  { id: "chloe", name: "Chloe", situation: "offline", clockErrorUs: 0 },
  { id: "dev", name: "Dev", situation: "wrong clock", clockErrorUs: 3 * 60 * 60 * 1_000_000 },
];

/** One player of a session. */
export class Player {
  readonly character: Character;
  readonly #originMs: number;
  #handout: Handout;
  #correction: Correction;
  #timeline: Timeline;
  #joinedMonotonicMs: number;

  /**
   * @param originMs The wall time at which the page was opened.
   * @param monotonicMs The time since then.
   */
  constructor(character: Character, handout: Handout, originMs: number, monotonicMs: number) {
    this.character = character;
    this.#originMs = originMs;
    this.#handout = handout;
    this.#correction = correction(seenBy(character.clockErrorUs, handout.exchange));
    this.#timeline = new Timeline(handout.session);
    this.#joinedMonotonicMs = monotonicMs;
  }

  /** Estimates the server's time from the player's own device, in milliseconds. */
  now(monotonicMs: number): number {
    return serverTime(this.#device(monotonicMs), this.#correction);
  }

  /** The instant at which the player joined, in milliseconds. */
  get joinedAt(): number {
    return this.now(this.#joinedMonotonicMs);
  }

  /** The step at the time the player joined; `null` before the start. */
  get joinedStep(): number | null {
    return this.#timeline.stepAt(this.joinedAt);
  }

  /** Returns the state at any instant. */
  stateAt(instant: number): State {
    return this.#timeline.stateAt(instant);
  }

  /** Returns a round by its number. */
  roundAt(round: number): Round {
    return this.#timeline.roundAt(round);
  }

  /** Returns the round that a step belongs to. */
  roundOf(step: number): Round {
    return this.#timeline.roundOf(step);
  }

  /** Returns what the player sees now. */
  see(monotonicMs: number): View {
    const instant = this.now(monotonicMs);
    const state = this.#timeline.stateAt(instant);
    return {
      ...state,
      instant,
      deviceMs: Math.floor(this.#device(monotonicMs) / 1_000),
      startsInMs: Math.max(0, this.#timeline.timeOf(0) - instant),
      lastBreak: this.#lastBreak(state, instant),
    };
  }

  /** Leaves and rejoins when it is time, with a new timeline that remembers nothing. */
  rejoinIfDue(monotonicMs: number): void {
    const { rejoinsAfterMs } = this.character;
    if (rejoinsAfterMs !== undefined && monotonicMs - this.#joinedMonotonicMs >= rejoinsAfterMs) {
      this.hear(this.#handout);
      this.#joinedMonotonicMs = monotonicMs;
    }
  }

  /** Takes over a change: another schedule, a stop, or the time after the machine has slept. */
  hear(handout: Handout): void {
    const timeline = new Timeline(handout.session);
    this.#timeline.free();
    this.#timeline = timeline;
    this.#handout = handout;
    this.#correction = correction(seenBy(this.character.clockErrorUs, handout.exchange));
  }

  /** Leaves for good and frees the timeline. */
  leave(): void {
    this.#timeline.free();
  }

  #device(monotonicMs: number): number {
    return deviceTime(this.#originMs, monotonicMs, this.character.clockErrorUs);
  }

  #lastBreak({ round }: State, instant: number): View["lastBreak"] {
    if (round === 0) {
      return undefined;
    }
    const brokeAt = this.#timeline.timeOf(this.#timeline.roundAt(round).firstStep);
    return { ageMs: instant - brokeAt, after: this.#timeline.roundAt(round - 1).interval };
  }
}
