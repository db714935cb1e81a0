/** A page on a machine: its timers, and the time it takes to notice events. */
import type { Timers } from "../../clock/inputs.js";
import type { Agenda } from "./agenda.js";
import type { Machine } from "./machine.js";
import type { Rng } from "./random.js";

/** How prompt a page is. All means are those of exponential distributions, in milliseconds. */
export interface PageTraits {
  /** The mean time until the page notices an event while it is idle. */
  readonly noticedMs: number;
  /** The chance that the page is in the middle of something long, such as layout, and how much of that is left. */
  readonly busy: { readonly chance: number; readonly fromMs: number; readonly toMs: number };
  /** How late timers of a visible page are, on average. */
  readonly timerLateMs: number;
  /** The mean time until a request is on its way: it passes through other threads and processes. */
  readonly handedOverMs: number;
}

/** A page as it is in a browser. */
export const USUAL_PAGE: PageTraits = {
  noticedMs: 0.2,
  busy: { chance: 0.02, fromMs: 5, toMs: 50 },
  timerLateMs: 0.5,
  handedOverMs: 0.1,
};

/** A page that does everything at once, for tests that compare exact times. */
export const PROMPT_PAGE: PageTraits = {
  noticedMs: 0,
  busy: { chance: 0, fromMs: 0, toMs: 0 },
  timerLateMs: 0,
  handedOverMs: 0,
};

/** How often timers may run: browsers limit hidden pages to once a second, later once a minute. */
export type Throttle = "none" | "second" | "minute";

const THROTTLED_TO_MS = { none: 0, second: 1_000, minute: 60_000 } as const;

/** A page. */
export class Page implements Timers {
  readonly #agenda: Agenda;
  readonly #machine: Machine;
  readonly #traits: PageTraits;
  readonly #rng: Rng;
  readonly #afterEach: () => void;
  #pending = 0;
  /** The current limit. */
  throttle: Throttle = "none";

  /** @param afterEach Called after each timer that ran. */
  constructor(agenda: Agenda, machine: Machine, traits: PageTraits, rng: Rng, afterEach: () => void) {
    this.#agenda = agenda;
    this.#machine = machine;
    this.#traits = traits;
    this.#rng = rng;
    this.#afterEach = afterEach;
  }

  /** The number of timers that are set. */
  get pending(): number {
    return this.#pending;
  }

  set(run: () => void, delayMs: number): () => void {
    const due = this.#machine.exactMs + Math.max(0, delayMs);
    let isSet = true;
    this.#pending += 1;
    const end = (): void => {
      this.#pending -= isSet ? 1 : 0;
      isSet = false;
    };
    this.#arrange(due, () => {
      if (isSet) {
        end();
        run();
        this.#afterEach();
      }
    });
    return end;
  }

  /** Returns how long the page takes to notice an event. */
  noticedAfter(): number {
    const { busy, noticedMs } = this.#traits;
    const work = this.#rng.chance(busy.chance) ? this.#rng.between(busy.fromMs, busy.toMs) : 0;
    return work + this.#rng.exponential(noticedMs);
  }

  handedOverAfter(): number {
    return this.#rng.exponential(this.#traits.handedOverMs);
  }

  /** Runs something once the monotonic clock has reached `due` and timers may run. */
  #arrange(due: number, run: () => void): void {
    const left = Math.max(0, due - this.#machine.exactMs) * this.#machine.truePerMs;
    this.#agenda.at(this.#allowed(this.#agenda.now + left), () => {
      this.#machine.whenAwake(() => {
        // The machine may have slept or changed its rate.
        if (this.#machine.exactMs < due - 1e-6) {
          this.#arrange(due, run);
        } else {
          run();
        }
      });
    });
  }

  #allowed(time: number): number {
    const every = THROTTLED_TO_MS[this.throttle];
    const late = time + this.#rng.exponential(this.#traits.timerLateMs);
    return every === 0 ? late : Math.ceil(late / every) * every;
  }
}
