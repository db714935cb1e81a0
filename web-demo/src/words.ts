/** Formats numbers and instants for the page. */

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const GROUPED = new Intl.NumberFormat("en");

/** Formats a count, with its digits in groups. */
export function count(number: number): string {
  return GROUPED.format(number);
}

/** Formats a count of things: `1 check`, `2 checks`. */
export function counted(number: number, thing: string): string {
  return `${count(number)} ${thing}${number === 1 ? "" : "s"}`;
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

/** Formats an instant with milliseconds: `15:03:12.040`. */
export function clockTimeExact(instantMs: number): string {
  const fraction = String(instantMs % 1_000).padStart(3, "0");
  return `${clockTime(instantMs)}.${fraction}`;
}

/** Formats the rest of a wait, rounded up so that it never ends early: `2.1 s`. */
export function secondsLeft(ms: number): string {
  return ms > 60_000 ? duration(ms) : `${(Math.ceil(ms / 100) / 10).toFixed(1)} s`;
}

/** Formats an elapsed time in its largest unit: `12 s`, `3 min`, `2 h`, `5 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) {
    return `${seconds} s`;
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
  return ms < 1_000 ? "just now" : `${duration(ms)} ago`;
}

/** Formats an age, to a tenth of a second while it is short: `0.8 s ago`. */
export function tenthsAgo(ms: number): string {
  return ms < 10_000 ? `${(Math.max(0, ms) / 1_000).toFixed(1)} s ago` : ago(ms);
}

/** Formats an error bound, rounded up: `± 0.4 ms`. */
export function plusMinus(us: number): string {
  const tenths = Math.max(1, Math.ceil(us / 100));
  return `± ${tenths < 100 ? (tenths / 10).toFixed(1) : count(Math.ceil(tenths / 10))} ms`;
}
