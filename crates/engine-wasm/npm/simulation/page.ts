/** A page on a machine: its timers, and the time that it takes to notice things. */
import type { Timers } from "../src/clock/ports.js";
import type { Agenda } from "./agenda.js";
import type { Machine } from "./machine.js";
import type { Rng } from "./random.js";

/** A page at work notices things after this time, in milliseconds, on average. */
const NOTICED_MS = 0.2;
/** How often it is in the middle of something long, and how long that still takes: layout, a large script. */
const BUSY = { chance: 0.02, fromMs: 5, toMs: 50 } as const;
/** Timers of a page in front are late by this much, on average. */
const TIMER_LATE_MS = 0.5;
/** From handing a request over until it is on its way, on average: it goes through other threads and processes. */
const HANDED_OVER_MS = 0.1;

/** How often timers run: browsers let those of a page behind others run once a second, later once a minute. */
export type Throttle = "none" | "second" | "minute";

const THROTTLED_TO_MS = { none: 0, second: 1_000, minute: 60_000 } as const;

/** A page. */
export class Page implements Timers {
  readonly #agenda: Agenda;
  readonly #machine: Machine;
  readonly #rng: Rng;
  readonly #afterEach: () => void;
  #pending = 0;
  /** At present. */
  throttle: Throttle = "none";

  /** @param afterEach Called after each timer that ran. */
  constructor(agenda: Agenda, machine: Machine, rng: Rng, afterEach: () => void) {
    this.#agenda = agenda;
    this.#machine = machine;
    this.#rng = rng;
    this.#afterEach = afterEach;
  }

  /** How many timers are set. */
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

  /** How long the page takes to notice something. */
  noticedAfter(): number {
    const work = this.#rng.chance(BUSY.chance) ? this.#rng.between(BUSY.fromMs, BUSY.toMs) : 0;
    return work + this.#rng.exponential(NOTICED_MS);
  }

  handedOverAfter(): number {
    return this.#rng.exponential(HANDED_OVER_MS);
  }

  /** Runs something once the monotonic clock has got so far and timers may run. */
  #arrange(due: number, run: () => void): void {
    const left = Math.max(0, due - this.#machine.exactMs) * this.#machine.truePerMs;
    this.#agenda.at(this.#allowed(this.#agenda.now + left), () => {
      this.#machine.whenAwake(() => {
        // It may have slept or changed its rate meanwhile.
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
    const late = time + this.#rng.exponential(TIMER_LATE_MS);
    return every === 0 ? late : Math.ceil(late / every) * every;
  }
}
