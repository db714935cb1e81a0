/** The memory of the server. */
import { table } from "../../simulation/table.js";
import { barsPlot } from "./bars.js";
import { digits, grouped } from "./format.js";
import type { Part } from "./part.js";
import type { Lines, Raw } from "./raw.js";
import { median } from "./statistics.js";

/** A measurement. All sizes are in kB (1,024 bytes). */
interface Measurement {
  readonly what: string;
  readonly store: string;
  readonly round: number;
  readonly count: number;
  readonly before: number;
  readonly after: number;
  readonly resident: number;
}

/** What one more session or stream takes, in kB. */
interface Each {
  readonly name: string;
  readonly count: number;
  readonly sizes: readonly number[];
}

export function memory(raw: Raw): Part {
  const all = measurements(raw.lines("memory.tsv"));
  const each = [...cached(all), ...streams(all)];
  return {
    page: [
      "Private memory is memory that only the server uses; resident memory also counts the files that it shares with others. Memory of " +
        "the kernel, such as the buffers of sockets, is in neither.",
      table(["server", "private MB", "resident MB"], [...started(all), ...created(all)]),
      "![Memory for each session and each event stream](memory.svg)",
      table(
        ["for each", "kB", "from", "to", "measured with"],
        each.map(({ name, count, sizes }) => [
          name,
          ...[median(sizes), Math.min(...sizes), Math.max(...sizes)].map(digits),
          grouped(count),
        ]),
      ),
      "A row is the median of all rounds and their range. What a cached session takes is the difference between a server with a cache and " +
        "one without, which have read the same sessions. An event stream includes its connection. 1 kB is 1,024 bytes.",
    ].join("\n\n"),
    plots: {
      "memory.svg": barsPlot(
        "Private memory of the server, in kB",
        each.map(({ name, sizes }) => ({
          name,
          value: median(sizes),
          label: `${digits(median(sizes))} kB`,
          range: [Math.min(...sizes), Math.max(...sizes)],
        })),
      ),
    },
    verdicts: [],
  };
}

export function measurements(lines: Lines): readonly Measurement[] {
  return lines.map(([what = "", store = "", ...numbers]) => {
    const [round = 0, count = 0, before = 0, after = 0, resident = 0] = numbers.map(Number);
    return { what, store, round, count, before, after, resident };
  });
}

/** Returns what each event stream takes. */
export function streams(all: readonly Measurement[]): readonly Each[] {
  const prefix = "event streams of ";
  const kinds = [...new Set(all.map(({ what }) => what).filter((what) => what.startsWith(prefix)))];
  return kinds.map((kind) => {
    const its = all.filter(({ what }) => what === kind);
    const sizes = its.map(({ before, after, count }) => (after - before) / count);
    return { name: `idle event stream, ${kind.slice(prefix.length)}`, count: its[0]?.count ?? 0, sizes };
  });
}

/** Returns what each session in the cache takes: those that were read, and those that were asked for their state. */
export function cached(all: readonly Measurement[]): readonly Each[] {
  const pattern = /^(session|state) read, cache of ([1-9]\d*) MB$/;
  return all
    .filter(({ what, round }) => round === 1 && pattern.test(what))
    .map(({ what, store, count }) => {
      const grown = (which: string): readonly number[] =>
        all.filter((its) => its.what === which && its.store === store).map((its) => its.after - its.before);
      const [kind = "", size = ""] = pattern.exec(what)?.slice(1) ?? [];
      const without = grown(what.replace(`cache of ${size} MB`, "cache of 0 MB"));
      const sizes = grown(what).map((more, round) => (more - (without[round] ?? Number.NaN)) / count);
      return {
        name: `cached session, ${store}${kind === "state" ? ", asked for its state" : ""}`,
        count,
        sizes,
      };
    });
}

function started(all: readonly Measurement[]): string[][] {
  const stores = [...new Set(all.map(({ store }) => store))];
  return stores.map((store) => {
    const its = all.filter((one) => one.what === "idle" && one.store === store);
    return row(`just started, ${store}`, its);
  });
}

function created(all: readonly Measurement[]): string[][] {
  const its = all.filter(({ what }) => what === "creations");
  return [row(`after ${grouped(its[0]?.count ?? 0)} creations, embedded`, its)];
}

function row(name: string, its: readonly Measurement[]): string[] {
  const megabytes = (sizes: readonly number[]): string => digits((median(sizes) * 1_024) / 1e6);
  return [name, megabytes(its.map(({ after }) => after)), megabytes(its.map(({ resident }) => resident))];
}
