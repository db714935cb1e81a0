/** Tables of the measurements, in Markdown. */
import { KINDS, type Kind, type Measures, type Moment, type SeriesName } from "./measures.js";
import { SCENARIOS, type Scenario } from "./scenarios.js";
import { table } from "./table.js";
import type { AllMeasures } from "./threads.js";

const KIND_TITLES: Readonly<Record<Kind, string>> = {
  clock: "clock",
  timesync: "timesync",
  single: "single exchange",
};
const MINUTE_MS = 60_000;

const PREFACE = `All times are in milliseconds. Errors exclude half of the path's asymmetry, which no client can detect. With two servers
they are relative to the nearer one. timesync and the single exchange use the same exchanges.`;

/** Returns the complete report. */
export function report(all: AllMeasures): string {
  return [
    PREFACE,
    errors(all, "settled", "Errors one second after each sync, once the correction is displayed"),
    errors(all, "random", "Errors at random instants, online, while the clock says that it is synced"),
    errors(all, "sync", "Errors at each sync, before the correction is displayed: the worst moment"),
    errors(all, "offline", "Errors at the end of five minutes offline"),
    bounds(all),
    costs(all),
    targets(all),
    broken(all),
  ].join("\n\n");
}

/** With fewer syncs in a scenario, the 99th percentile is a matter of luck. */
const ENOUGH_SYNCS = 20_000;

/** Returns whether all promises were kept and, with enough syncs to tell, all targets met. */
export function isKept(all: AllMeasures): boolean {
  const isUnbroken = [...all.values()].every((measures) => measures.breachCount === 0);
  const areEnough = [...all.values()].every(({ counts }) => counts.syncs >= ENOUGH_SYNCS);
  return isUnbroken && !(areEnough && targets(all).includes(MISSED));
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
  return `### The bound that the clock gives\n\n${table(head, rows)}`;
}

function costs(all: AllMeasures): string {
  const head = [
    "scenario",
    "sessions",
    "syncs",
    "readings",
    "requests per minute",
    "ready after, p50",
    "p99",
    "random readings not synced",
    "synced again after a sleep, p50",
    "p99",
    "max",
  ];
  const rows = [...all].map(([name, measures]) => {
    const { sessions, syncs, readings, requests, awakeMs, unsynced } = measures.counts;
    const random = measures.series("random clock").count + unsynced;
    return [
      name,
      ...[sessions, syncs, readings].map(String),
      (requests / (awakeMs / MINUTE_MS)).toFixed(2),
      ...percentiles(measures, "ready", [50, 99]),
      `${((100 * unsynced) / random).toFixed(2)} %`,
      ...percentiles(measures, "regained", [50, 99, 100]),
    ];
  });
  return `### Cost and latency\n\n${table(head, rows)}`;
}

function targets(all: AllMeasures): string {
  const head = ["scenario", "99th percentile of errors", "target", "measured", ""];
  const rows = SCENARIOS.flatMap(({ name, targets: { onlineMs, offlineMs } }) => [
    ...targetRow(all, name, "settled", "one second after syncs", onlineMs),
    ...targetRow(all, name, "random", "at random instants", onlineMs),
    ...targetRow(all, name, "offline", "after five minutes offline", offlineMs),
  ]);
  return `### Targets\n\n${table(head, rows)}`;
}

function targetRow(
  all: AllMeasures,
  name: Scenario["name"],
  moment: Moment,
  title: string,
  targetMs: number | undefined,
): string[][] {
  const measured = all.get(name)?.series(`${moment} clock`).percentile(99);
  if (targetMs === undefined || measured === undefined) {
    return [];
  }
  return [[name, title, String(targetMs), formatted(measured), measured <= targetMs ? "met" : MISSED]];
}

/** Lists the broken promises of each scenario: how often, and the first time. */
function broken(all: AllMeasures): string {
  const rows = [...all].flatMap(([name, measures]) =>
    [...measures.broken].map(([promise, count]) => {
      const first = measures.breaches.find((breach) => breach.promise === promise);
      const when = `seed ${first?.seed} at ${first?.atMs.toFixed(3)} ms: ${first?.detail}`;
      return [name, promise, String(count), when];
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
  return percents.map((percent) => formatted(measures.series(name).percentile(percent)));
}

/** Formats a time with three digits. */
function formatted(ms: number | undefined): string {
  if (ms === undefined) {
    return "";
  }
  return ms >= 100 ? String(Math.round(ms)) : ms.toFixed(ms < 1 ? 3 : ms < 10 ? 2 : 1);
}
