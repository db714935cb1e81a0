/** Formats numbers and instants for the page. */

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const GROUPED = new Intl.NumberFormat("en");
const LIST = new Intl.ListFormat("en", { type: "conjunction" });

/** Formats a count, with its digits in groups. */
export function count(number: number): string {
  return GROUPED.format(number);
}

/** Formats a count of things: `1 request`, `2 requests`. */
export function counted(number: number, thing: string): string {
  return `${count(number)} ${thing}${number === 1 ? "" : "s"}`;
}

const SMALL = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight"];

/** Begins a sentence with a small count of things: `Four players`. */
export function spelled(number: number, thing: string): string {
  return `${SMALL[number] ?? count(number)} ${thing}${number === 1 ? "" : "s"}`;
}

/** Lists names: `Anna, Ben, and Chloe`. */
export function listed(names: readonly string[]): string {
  return LIST.format(names);
}

/** Formats an instant like a wall clock: `15:03:12`. */
export function clockTime(instantMs: number): string {
  return new Date(instantMs).toLocaleTimeString("en-GB");
}

/** Formats an instant, with its date unless that is today: `15:03:12 on 24 November 2026`. */
export function moment(instantMs: number, nowMs: number): string {
  const isToday = new Date(instantMs).toDateString() === new Date(nowMs).toDateString();
  return isToday ? clockTime(instantMs) : `${clockTime(instantMs)} on ${DAY.format(instantMs)}`;
}

/** Formats a wait or an age in its largest unit: `2.1 s`, `12 s`, `3 min`, `2 h`, `5 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 60) {
    return `${Math.floor(seconds)} s`;
  }
  if (seconds < 3_600) {
    return `${Math.floor(seconds / 60)} min`;
  }
  return seconds < 172_800
    ? `${Math.floor(seconds / 3_600)} h`
    : `${count(Math.floor(seconds / 86_400))} days`;
}

/** Formats an elapsed time relative to now: `just now`, `12 s ago`. */
export function ago(ms: number): string {
  return ms < 1_000 ? "just now" : `${duration(Math.floor(ms / 1_000) * 1_000).replace(".0", "")} ago`;
}

/** Formats an error bound, rounded up: `± 0.4 ms`, `± 12 ms`, `± 3 h`. */
export function plusMinus(ms: number): string {
  if (ms >= 10_000) {
    return `± ${duration(ms)}`;
  }
  const tenths = Math.max(1, Math.ceil(ms * 10));
  return `± ${tenths < 100 ? (tenths / 10).toFixed(1) : count(Math.ceil(tenths / 10))} ms`;
}

/** Formats a number of bytes: `480 B`, `1.2 KB`, `34 KB`, `5.1 MB`, `2.3 TB`. */
export function bytes(number: number): string {
  if (number < 1_000) {
    return `${Math.round(number)} B`;
  }
  const power = Math.min(4, Math.floor(Math.log10(number) / 3));
  const value = number / 1_000 ** power;
  return `${value < 9.95 ? value.toFixed(1) : count(Math.round(value))} ${["", "KB", "MB", "GB", "TB"][power]}`;
}

/** Formats how far a clock is ahead: `3 h ahead`, `12 h behind`, `correct`. */
export function aheadBy(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes === 0) {
    return Math.abs(ms) < 500
      ? "correct"
      : `${(Math.abs(ms) / 1_000).toFixed(0)} s ${ms > 0 ? "ahead" : "behind"}`;
  }
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  const time = [hours > 0 ? `${hours} h` : "", rest > 0 ? `${rest} min` : ""].filter(Boolean).join(" ");
  return `${time} ${ms > 0 ? "ahead" : "behind"}`;
}

/** Formats a short computing time: `0.8 µs`, `14 µs`, `1.2 ms`. */
export function computing(us: number): string {
  if (us >= 1_000) {
    return `${(us / 1_000).toFixed(1)} ms`;
  }
  return `${us < 10 ? us.toFixed(1) : Math.round(us)} µs`;
}
