/** Plots of times over steps, on logarithmic axes. */
import { type Hue, LogAxis, Svg } from "../../simulation/svg.js";
import { duration, power } from "./format.js";

/** A line in the plot. */
export interface Curve {
  readonly name: string;
  /** Steps, with the nanoseconds at each. */
  readonly points: readonly (readonly [number, number])[];
  /** Whether the others are compared with it. */
  readonly isBaseline: boolean;
}

const WIDTH = 880;
const [LEFT, TOP, RIGHT, BOTTOM] = [80, 60, WIDTH - 240, 440];
const HUES: readonly Hue[] = ["one", "two", "four"];
/** The distance between two lines of text. */
const LINE = 16;

/** Draws curves, each with its name at its end. */
export function curvesPlot(title: string, curves: readonly Curve[]): string {
  const svg = new Svg(WIDTH, BOTTOM + 50, title);
  const times = curves.flatMap(({ points }) => points.map(([, time]) => time));
  const across = new LogAxis(1e3, 1e15, LEFT, RIGHT, power);
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...times)));
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...times)));
  const up = new LogAxis(lowest, highest, BOTTOM, TOP, duration);
  svg.text(12, 24, title, { style: "title" });
  axes(svg, across, up);
  const placed = curves.map((curve, index) => ({
    ...curve,
    hue: curve.isBaseline ? ("three" as const) : (HUES[index % HUES.length] as Hue),
    line: curve.points.map(([step, time]) => [across.at(step), up.at(time)] as const),
  }));
  for (const { hue, line } of placed) {
    svg.line(hue, line);
    line.forEach(([x, y]) => void svg.mark(hue, x, y, 3));
  }
  const ends = placed.map(({ name, hue, line }) => ({
    name,
    hue,
    end: line.at(-1) ?? ([LEFT, TOP] as const),
  }));
  // A baseline that grows ends early.
  const [early, late] = [ends.filter(endsEarly), ends.filter((one) => !endsEarly(one))];
  early.forEach(({ name, end: [x, y] }) => void svg.text(x + 10, y + 4, name));
  namesBeside(svg, late);
  return svg.toString();
}

function axes(svg: Svg, across: LogAxis, up: LogAxis): void {
  for (const [time, text] of up.ticks) {
    svg.grid(LEFT, up.at(time), RIGHT, up.at(time));
    svg.text(LEFT - 10, up.at(time) + 4, text, { anchor: "end", style: "faint" });
  }
  for (const [step, text] of across.ticks.filter((_, index) => index % 3 === 0)) {
    svg.grid(across.at(step), TOP, across.at(step), BOTTOM);
    svg.text(across.at(step), BOTTOM + 18, text, { anchor: "middle", style: "faint" });
  }
  svg.text((LEFT + RIGHT) / 2, BOTTOM + 38, "step", { anchor: "middle", style: "faint" });
}

interface End {
  readonly name: string;
  readonly hue: Hue;
  readonly end: readonly [number, number];
}

function endsEarly({ end }: End): boolean {
  return end[0] < LEFT + (RIGHT - LEFT) / 2;
}

/** Writes the names beside the plot, in the order of the ends, and a line from each end to its name. */
function namesBeside(svg: Svg, ends: readonly End[]): void {
  const fromBottom = [...ends].sort((one, other) => other.end[1] - one.end[1]);
  let below = BOTTOM + LINE;
  for (const { name, hue, end } of fromBottom) {
    // A name that would overlap the one below moves up.
    const y = Math.min(end[1], below - LINE);
    below = y;
    svg.line(hue, [end, [RIGHT + 6, end[1]], [RIGHT + 22, y]]);
    svg.text(RIGHT + 28, y + 4, name);
  }
}
