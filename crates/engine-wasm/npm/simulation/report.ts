/** Tables of what was measured, in Markdown. */
import { KINDS, type Kind, type Measures, type Moment, type SeriesName } from "./measures.js";
import { SCENARIOS, type Scenario } from "./scenarios.js";
import type { AllMeasures } from "./threads.js";

const KIND_TITLES: Readonly<Record<Kind, string>> = {
  clock: "clock",
  timesync: "timesync",
  single: "single exchange",
};
const MINUTE_MS = 60_000;

const PREFACE = `All times are in milliseconds. Errors are beyond half of the path's asymmetry, which no client can see; with two
servers, beyond the time of the nearer one. timesync and the single exchange are given the same exchanges.`;

/** The whole report. */
export function report(all: AllMeasures): string {
  return [
    PREFACE,
    errors(all, "settled", "Errors a second after each sync, when what it has told is shown"),
    errors(
      all,
      "random",
      "Errors at random instants, with a network, while the clock says that it is synced",
    ),
    errors(all, "sync", "Errors at each sync, before what it tells is shown: the worst moment"),
    errors(all, "offline", "Errors at the end of five minutes without a network"),
    bounds(all),
    costs(all),
    aims(all),
    broken(all),
  ].join("\n\n");
}

/** With fewer syncs of a scenario, a hundredth of its errors is a matter of luck. */
const ENOUGH_SYNCS = 20_000;

/** Whether all promises were kept and, where there were enough syncs to tell, all aims reached. */
export function isKept(all: AllMeasures): boolean {
  const isUnbroken = [...all.values()].every((measures) => measures.breachCount === 0);
  const areEnough = [...all.values()].every(({ counts }) => counts.syncs >= ENOUGH_SYNCS);
  return isUnbroken && !(areEnough && aims(all).includes(MISSED));
}

const MISSED = "**missed**";

function errors(all: AllMeasures, moment: Moment, title: string): string {
  const head = ["scenario", "number", ...KINDS.flatMap((kind) => columns(KIND_TITLES[kind]))];
  const rows = having(all, `${moment} clock`).map(([name, measures]) => [
    name,
    String(measures.series(`${moment} clock`).count),
    ...KINDS.flatMap((kind) => percentiles(measures, `${moment} ${kind}`, [50, 99, 100])),
  ]);
  return `### ${title}\n\n${table(head, rows)}`;
}

function columns(title: string): string[] {
  return [`${title}, p50`, "p99", "max"];
}

function bounds(all: AllMeasures): string {
  const head = ["scenario", "at syncs, p50", "p99", "at random instants, p50", "p99"];
  const rows = [...all].map(([name, measures]) => [
    name,
    ...percentiles(measures, "bound sync", [50, 99]),
    ...percentiles(measures, "bound random", [50, 99]),
  ]);
  return `### What the clock says its error is at most\n\n${table(head, rows)}`;
}

function costs(all: AllMeasures): string {
  const head = [
    "scenario",
    "sessions",
    "syncs",
    "readings",
    "questions a minute",
    "ready after, p50",
    "p99",
    "not synced, of random readings",
    "synced again after a sleep, p50",
    "p99",
    "max",
  ];
  const rows = [...all].map(([name, measures]) => {
    const { sessions, syncs, readings, questions, awakeMs, unsynced } = measures.counts;
    const random = measures.series("random clock").count + unsynced;
    return [
      name,
      ...[sessions, syncs, readings].map(String),
      (questions / (awakeMs / MINUTE_MS)).toFixed(2),
      ...percentiles(measures, "ready", [50, 99]),
      `${((100 * unsynced) / random).toFixed(2)} %`,
      ...percentiles(measures, "regained", [50, 99, 100]),
    ];
  });
  return `### What it costs, and how long it takes\n\n${table(head, rows)}`;
}

function aims(all: AllMeasures): string {
  const head = ["scenario", "99 of 100 errors", "aim", "measured", ""];
  const rows = SCENARIOS.flatMap(({ name, aims: { onlineMs, offlineMs } }) => [
    ...aimRow(all, name, "settled", "a second after syncs", onlineMs),
    ...aimRow(all, name, "random", "at random instants", onlineMs),
    ...aimRow(all, name, "offline", "after five minutes offline", offlineMs),
  ]);
  return `### Aims\n\n${table(head, rows)}`;
}

function aimRow(
  all: AllMeasures,
  name: Scenario["name"],
  moment: Moment,
  title: string,
  aimMs: number | undefined,
): string[][] {
  const measured = all.get(name)?.series(`${moment} clock`).percentile(99);
  if (aimMs === undefined || measured === undefined) {
    return [];
  }
  return [[name, title, String(aimMs), shown(measured), measured <= aimMs ? "reached" : MISSED]];
}

/** Of each promise in each scenario where it was broken: how often, and the first time. */
function broken(all: AllMeasures): string {
  const rows = [...all].flatMap(([name, measures]) =>
    [...measures.broken].map(([promised, count]) => {
      const first = measures.breaches.find((breach) => breach.promised === promised);
      const when = `seed ${first?.seed} at ${first?.atMs.toFixed(3)} ms: ${first?.detail}`;
      return [name, promised, String(count), when];
    }),
  );
  const readings = [...all.values()].reduce((sum, measures) => sum + measures.counts.readings, 0);
  const syncs = [...all.values()].reduce((sum, measures) => sum + measures.counts.syncs, 0);
  const total = `${syncs} syncs and ${readings} readings in all.`;
  return rows.length === 0
    ? `### Promises\n\nAll kept. ${total}`
    : `### Promises\n\n**Broken.** ${total}\n\n${table(["scenario", "promise", "times", "first"], rows)}`;
}

function having(all: AllMeasures, name: SeriesName): [string, Measures][] {
  return [...all].filter(([, measures]) => measures.series(name).count > 0);
}

function percentiles(measures: Measures, name: SeriesName, percents: readonly number[]): string[] {
  return percents.map((percent) => shown(measures.series(name).percentile(percent)));
}

/** Three digits. */
function shown(ms: number | undefined): string {
  if (ms === undefined) {
    return "";
  }
  return ms >= 100 ? String(Math.round(ms)) : ms.toFixed(ms < 1 ? 3 : ms < 10 ? 2 : 1);
}

/** The first column holds words, and so do those whose cells begin with a letter or an asterisk. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const isText = head.map((_, column) => rows.some((row) => /^[a-z*]/i.test(row[column] ?? "")));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => padded(cell, widths[column] ?? 0, isText[column] ?? true)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isText[column] === true ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`,
  );
  return [line(head), `|${rule.join("|")}|`, ...rows.map(line)].join("\n");
}

function padded(cell: string, width: number, isText: boolean): string {
  return isText ? cell.padEnd(width) : cell.padStart(width);
}
