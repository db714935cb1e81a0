/** The global functions of a page in a virtual world. */
import type { Platform } from "../platform.js";
import type { Device } from "./device.js";

type Callback = (...parameters: unknown[]) => void;

/** What a page finds in `globalThis`, by the same names. */
export interface VirtualGlobals {
  readonly fetch: Platform["fetch"];
  readonly EventSource: NonNullable<Platform["EventSource"]>;
  readonly setTimeout: (run: Callback, delayMs?: number, ...parameters: unknown[]) => number;
  readonly clearTimeout: (timer?: number) => void;
  readonly setInterval: (run: Callback, everyMs?: number, ...parameters: unknown[]) => number;
  readonly clearInterval: (timer?: number) => void;
  /** Calls back 60 times a second, as long as it is asked to. */
  readonly requestAnimationFrame: (run: (now: number) => void) => number;
  readonly cancelAnimationFrame: (frame: number) => void;
  readonly Date: DateConstructor;
  readonly performance: { now(): number };
}

const FRAME_MS = 1_000 / 60;

/** Returns the globals of a device's page. */
export function globalsOf(device: Device): VirtualGlobals {
  const { machine } = device;
  const { fetch, EventSource } = device.platform;
  const timers = new PageTimers(device);
  const clear = (timer?: number): void => timers.clear(timer);
  return {
    fetch,
    EventSource: EventSource as VirtualGlobals["EventSource"],
    setTimeout: (run, delayMs = 0, ...parameters) => timers.set(() => run(...parameters), delayMs),
    setInterval: (run, everyMs = 0, ...parameters) => timers.repeat(() => run(...parameters), everyMs),
    requestAnimationFrame: (run) => {
      const now = machine.monotonicMs();
      return timers.set(() => run(machine.monotonicMs()), FRAME_MS - (now % FRAME_MS));
    },
    clearTimeout: clear,
    clearInterval: clear,
    cancelAnimationFrame: clear,
    Date: dateOf(() => machine.wallMs()),
    performance: performanceOf(() => machine.monotonicMs()),
  };
}

/** The timers that a page has set, by their numbers. */
class PageTimers {
  readonly #device: Device;
  readonly #cancels = new Map<number, () => void>();
  #count = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  set(run: () => void, delayMs: number): number {
    this.#count += 1;
    const timer = this.#count;
    this.#arrange(timer, delayMs, () => {
      this.#cancels.delete(timer);
      run();
    });
    return timer;
  }

  repeat(run: () => void, everyMs: number): number {
    this.#count += 1;
    const timer = this.#count;
    const again = (): void => {
      // Arranged first, so that the callback can end it.
      this.#arrange(timer, Math.max(1, everyMs), again);
      run();
    };
    this.#arrange(timer, Math.max(1, everyMs), again);
    return timer;
  }

  clear(timer = 0): void {
    this.#cancels.get(timer)?.();
    this.#cancels.delete(timer);
  }

  #arrange(timer: number, delayMs: number, run: () => void): void {
    this.#cancels.set(timer, this.#device.page.set(run, delayMs));
  }
}

/** Returns `Date`, but with another present. */
function dateOf(now: () => number): DateConstructor {
  return new Proxy(Date, {
    construct: (target, parameters, made) =>
      Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, made),
    apply: (target) => new target(now()).toString(),
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  });
}

/** Returns `performance`, but with another time. */
function performanceOf(now: () => number): Performance {
  return new Proxy(performance, {
    get(target, key) {
      if (key === "now") {
        return now;
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
