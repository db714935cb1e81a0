/**
 * Scripts that prepare pages: machines whose clocks are wrong, and the truth. Server and browsers share this machine's clock, so
 * the page's original `Date.now`, saved before anything replaces it, gives the server's time to a millisecond.
 */
import { script } from "./browsers.js";

declare global {
  interface Window {
    /** The server's time, regardless of `Date`. */
    truth(): number;
    /** Sets how far the machine's clock is ahead, in milliseconds. */
    setClock(aheadMs: number): void;
  }
}

/** Saves the truth. Must run before the other scripts. */
export const TRUTH = script(() => {
  const { Date: trueDate } = window;
  const { now } = trueDate;
  window.truth = () => now.call(trueDate);
}, undefined);

/** A machine whose clock is ahead or behind by some milliseconds. */
export function wrongClock(aheadMs: number): string {
  return script((firstMs) => {
    const { Date: trueDate, performance } = window;
    const trueOrigin = performance.timeOrigin;
    let shiftMs = firstMs;
    window.setClock = (ms) => {
      shiftMs = ms;
    };
    const now = (): number => window.truth() + shiftMs;
    window.Date = new Proxy(trueDate, {
      construct: (target, parameters, made) =>
        Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, made),
      apply: () => new trueDate(now()).toString(),
      get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
    });
    trueDate.prototype.constructor = window.Date;
    Object.defineProperty(Performance.prototype, "timeOrigin", { get: () => trueOrigin + firstMs });
  }, aheadMs);
}

/**
 * A machine whose monotonic clock stands still in sleep, as on most systems. The clock of stopped processes keeps running, so this
 * removes the time in which nothing ran, from the page's clock and from all of the browser's stamps.
 */
export const CLOCK_THAT_SLEEPS = script(() => {
  const LOOK_MS = 20;
  const ASLEEP_MS = 1_000;
  const trueNow = performance.now.bind(performance);
  const sleeps: { readonly fromMs: number; readonly toMs: number }[] = [];
  let lookedMs = trueNow();
  const look = (): number => {
    const nowMs = trueNow();
    if (nowMs - lookedMs > ASLEEP_MS) {
      sleeps.push({ fromMs: lookedMs, toMs: nowMs });
    }
    lookedMs = nowMs;
    return nowMs;
  };
  const awake = (ms: number): number =>
    sleeps.reduce((left, { fromMs, toMs }) => left - Math.max(0, Math.min(ms, toMs) - fromMs), ms);
  const patch = (type: { readonly prototype: object }, name: string): void => {
    const stamp = Object.getOwnPropertyDescriptor(type.prototype, name)?.get;
    Object.defineProperty(type.prototype, name, {
      get() {
        look();
        return awake(stamp?.call(this));
      },
    });
  };
  Performance.prototype.now = () => awake(look());
  patch(PerformanceEntry, "startTime");
  patch(Event, "timeStamp");
  Object.keys(PerformanceResourceTiming.prototype)
    .filter((name) => /(Start|End)$/.test(name))
    .forEach((name) => {
      patch(PerformanceResourceTiming, name);
    });
  setInterval(look, LOOK_MS);
}, undefined);
