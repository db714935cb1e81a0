/** Plots of bars. */
import { type Hue, Svg } from "../../simulation/svg.js";

/** A bar. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** What is written behind it. */
  readonly label: string;
  readonly hue?: Hue;
  /** The range of what was measured, if it is worth a line. */
  readonly range?: readonly [number, number];
}

const WIDTH = 880;
const [LEFT, TOP, ROW] = [320, 46, 26];
const HEIGHT = 14;
const RIGHT = WIDTH - 190;

/** Draws bars from 0 on. */
export function barsPlot(title: string, bars: readonly Bar[]): string {
  const bottom = TOP + ROW * bars.length;
  const svg = new Svg(WIDTH, bottom + 14, title);
  const most = Math.max(...bars.map(({ value, range }) => Math.max(value, range?.[1] ?? 0)));
  const length = (value: number): number => ((RIGHT - LEFT) * value) / most;
  svg.text(12, 24, title, { style: "title" });
  svg.grid(LEFT, TOP - 6, LEFT, bottom);
  bars.forEach(({ name, value, label, hue = "one", range }, row) => {
    const y = TOP + ROW * row;
    svg.text(LEFT - 12, y + 12, name, { anchor: "end" });
    svg.bar(hue, LEFT, y, length(value), HEIGHT);
    const end = LEFT + length(Math.max(value, range?.[1] ?? 0));
    if (range !== undefined) {
      const middle = y + HEIGHT / 2;
      svg.line("three", [
        [LEFT + length(range[0]), middle],
        [LEFT + length(range[1]), middle],
      ]);
    }
    svg.text(end + 8, y + 12, label, { style: "faint" });
  });
  return svg.toString();
}
