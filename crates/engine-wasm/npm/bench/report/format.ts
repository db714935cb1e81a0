/** Numbers as people read them. */
import { median, medianInterval } from "./statistics.js";

const UNITS = [
  ["s", 1e9],
  ["ms", 1e6],
  ["µs", 1e3],
  ["ns", 1],
] as const;

/** Formats a time with three digits. */
export function duration(nanoseconds: number): string {
  const [unit, size] = UNITS.find(([, its]) => nanoseconds >= its) ?? UNITS[3];
  return `${digits(nanoseconds / size)} ${unit}`;
}

/** Formats a number with three digits, but never fewer than before its point. */
export function digits(value: number): string {
  return value >= 100 ? grouped(value) : Number(value.toPrecision(3)).toString();
}

/** Formats an integer with commas. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

/** Formats the median of ratios, and its interval if there are enough of them. */
export function ratio(ratios: readonly number[]): string {
  const ends = medianInterval(ratios);
  const middle = median(ratios).toFixed(2);
  return ends === undefined ? middle : `${middle} (${ends.map((end) => end.toFixed(2)).join(" to ")})`;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Formats a step as a power of ten or of two, if it is one. */
export function power(step: number): string {
  const [base, exponent] = Number.isInteger(Math.log10(step)) ? [10, Math.log10(step)] : [2, Math.log2(step)];
  const raised = [...String(exponent)].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return Number.isInteger(exponent) ? `${base}${raised}` : grouped(step);
}
