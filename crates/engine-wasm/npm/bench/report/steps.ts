/** The tables and plots of calls that were measured at several steps, in Rust and in JavaScript. */
import { table } from "../../simulation/table.js";
import { type Curve, curvesPlot } from "./curves.js";
import { digits, duration, grouped, power, ratio } from "./format.js";
import type { Verdict } from "./part.js";
import type { Cases } from "./raw.js";
import { median, medianInterval } from "./statistics.js";

/** The first and the last step that are compared. */
const [NEAR, FAR] = [1e3, 2 ** 47];
/** The step of the replay that the calls are compared with. */
const REPLAYED = 1e6;
const REPLAY = "replay of all ticks";
const FLAT = 1.2;

/** Returns the names of the calls that were measured at every step. */
function calls(cases: Cases): readonly string[] {
  return cases.names.filter((name) => cases.steps(name).includes(FAR));
}

/** Returns a table with a row for each call, and the times of the replay below it. */
export function stepsTable(cases: Cases): string {
  const steps = cases.steps(calls(cases)[0] ?? "");
  const head = ["call", ...steps.map(power), `${power(FAR)} against ${power(NEAR)}`, "replay against it"];
  const rows = calls(cases).map((name) => [
    name,
    ...steps.map((step) => duration(median(cases.times(name, step)))),
    ratio(cases.ratios([name, FAR], [name, NEAR])),
    name.startsWith("an array") ? "" : digits(median(cases.ratios([REPLAY, REPLAYED], [name, REPLAYED]))),
  ]);
  const replayed = cases.steps(REPLAY);
  const replays = replayed.map((step) => duration(median(cases.times(REPLAY, step))));
  return [
    table(head, rows),
    `The columns are steps. A time is the median of ${cases.times(REPLAY, REPLAYED).length} rounds. The last columns are medians of the ` +
      `ratios within each round, with their 95 % intervals; the last one is how much longer the replay to step ${grouped(REPLAYED)} takes ` +
      "than the call at that step.",
    table(["baseline", ...replayed.map(power)], [[REPLAY, ...replays]]),
  ].join("\n\n");
}

/** Returns the plot of all calls and of the replay. */
export function stepsPlot(title: string, cases: Cases): string {
  const curve = (name: string): Curve => ({
    name,
    points: cases.steps(name).map((step) => [step, median(cases.times(name, step))] as const),
    isBaseline: name === REPLAY,
  });
  const shown = calls(cases).filter((name) => !name.startsWith("an array"));
  return curvesPlot(title, [...shown, REPLAY].map(curve));
}

/** Returns for each call whether its cost is the same near and far. */
export function flatness(where: string, cases: Cases): Verdict[] {
  return calls(cases).map((name) => {
    const ratios = cases.ratios([name, FAR], [name, NEAR]);
    return {
      holds: median(ratios) <= FLAT,
      text: `${where}: "${name}" costs at step ${power(FAR)} at most ${FLAT} times as much as at ${power(NEAR)}: ${ratio(ratios)}`,
    };
  });
}

/** Returns whether a far jump is so many times faster than a replay. */
export function farJump(cases: Cases, wanted: number): Verdict {
  const ratios = cases.ratios([REPLAY, REPLAYED], ["step in another epoch", REPLAYED]);
  const ends = medianInterval(ratios)?.map(grouped).join(" to ");
  const measured = `${grouped(median(ratios))}${ends === undefined ? "" : ` (${ends})`}`;
  return {
    holds: median(ratios) >= wanted,
    text: `a step in another epoch is at least ${grouped(wanted)} times faster than a replay at step ${grouped(REPLAYED)}: ${measured}`,
  };
}
