/** The plots of the report. */
import { KINDS, type Kind } from "./measures.js";
import type { Observation } from "./session.js";
import { type Hue, LogAxis, Svg } from "./svg.js";
import type { AllMeasures } from "./threads.js";

const HUES: Readonly<Record<Kind, Hue>> = { clock: "one", timesync: "two", single: "three" };
const NAMES: Readonly<Record<Kind, string>> = {
  clock: "tickseed",
  timesync: "timesync's rule",
  single: "a single exchange",
};
const WIDTH = 880;
const MINUTE_MS = 60_000;

/** Draws the errors of each scenario at random instants, from the median to the 99th percentile, on a logarithmic axis. */
export function errorsPlot(all: AllMeasures): string {
  const [left, top, rowHeight] = [160, 76, 34];
  const bottom = top + rowHeight * all.size;
  const svg = new Svg(WIDTH, bottom + 44, "Errors of clocks in simulated networks");
  const axis = new LogAxis(0.01, 1e8, left, WIDTH - 30);
  svg.text(12, 24, "Error against the server's time, at random instants while online", { style: "title" });
  KINDS.forEach((kind, index) => {
    svg.line(HUES[kind], [
      [left + 170 * index, 46],
      [left + 170 * index + 22, 46],
    ]);
    svg.mark(HUES[kind], left + 170 * index + 22, 46);
    svg.text(left + 170 * index + 32, 50, NAMES[kind]);
  });
  for (const [value, text] of axis.ticks) {
    svg.grid(axis.at(value), top - 8, axis.at(value), bottom);
    svg.text(axis.at(value), bottom + 18, text, { anchor: "middle", style: "faint" });
  }
  svg.text(
    left,
    bottom + 36,
    "line: median to 99th percentile; dot: 99th percentile; without half of the path's asymmetry, which no client can detect",
    { style: "faint" },
  );
  [...all].forEach(([name, measures], row) => {
    const y = top + rowHeight * row;
    svg.text(left - 14, y + 16, name, { anchor: "end" });
    KINDS.forEach((kind, index) => {
      const series = measures.series(`random ${kind}`);
      const [from, to] = [axis.at(series.percentile(50) ?? 0), axis.at(series.percentile(99) ?? 0)];
      const height = y + 4 + 8 * index;
      svg.line(HUES[kind], [
        [from, height],
        [to, height],
      ]);
      svg.mark(HUES[kind], to, height);
    });
  });
  return svg.toString();
}

/** Draws one session: the error of the clock and its bound. */
export function sessionPlot(readings: readonly Observation[], title: string): string {
  const [left, top, right, bottom] = [80, 60, WIDTH - 20, 380];
  const svg = new Svg(WIDTH, bottom + 50, title);
  const end = readings.at(-1)?.atMs ?? 1;
  const across = (ms: number): number => left + ((right - left) * ms) / end;
  const axis = new LogAxis(0.01, 1e6, bottom, top);
  svg.text(12, 24, title, { style: "title" });
  for (const [value, text] of axis.ticks) {
    svg.grid(left, axis.at(value), right, axis.at(value));
    svg.text(left - 10, axis.at(value) + 4, text, { anchor: "end", style: "faint" });
  }
  for (let minute = 0; minute * MINUTE_MS <= end; minute += 2) {
    svg.text(across(minute * MINUTE_MS), bottom + 18, `${minute} min`, { anchor: "middle", style: "faint" });
  }
  for (const awake of withoutSleeps(readings)) {
    const bounds = awake.map(({ atMs, reading }) => [across(atMs), axis.at(reading.errorMs)] as const);
    const [from, to] = [across(awake[0]?.atMs ?? 0), across(awake.at(-1)?.atMs ?? 0)];
    svg.area("two", [[from, bottom], ...bounds, [to, bottom]]);
    svg.line("two", bounds);
    svg.line(
      "one",
      awake.map(({ atMs, errorMs }) => [across(atMs), axis.at(Math.abs(errorMs))] as const),
    );
  }
  svg.line("two", [
    [left, bottom + 38],
    [left + 22, bottom + 38],
  ]);
  svg.text(left + 30, bottom + 42, "the bound that the clock gives (errorMs)");
  svg.line("one", [
    [left + 330, bottom + 38],
    [left + 352, bottom + 38],
  ]);
  svg.text(left + 360, bottom + 42, "its error");
  return svg.toString();
}

/** Splits the readings at sleeps. */
function withoutSleeps(readings: readonly Observation[]): Observation[][] {
  const parts: Observation[][] = [];
  for (const seen of readings) {
    const part = parts.at(-1);
    const last = part?.at(-1);
    if (part === undefined || last === undefined || seen.atMs - last.atMs > MINUTE_MS) {
      parts.push([seen]);
    } else {
      part.push(seen);
    }
  }
  return parts;
}
