/** The server under load. */
import { type Bar, barsPlot } from "./bars.js";
import type { Part } from "./part.js";
import type { Lines, Raw } from "./raw.js";
import { median } from "./statistics.js";

const BASE = "hello world";

export function server(raw: Raw): Part {
  return {
    page: [
      "`scripts/bench-server` loads the server with wrk, from the same machine: the server, its store and the load share the cores, so " +
        "only the ratios carry over to other machines. *Relative to hello world* is the median of the ratios within each round.",
      "![Requests a second, relative to a hello world](server.svg)",
      raw.text("server-tables.md"),
    ].join("\n\n"),
    plots: {
      "server.svg": barsPlot("Requests a second, relative to a hello world in actix-web", bars(raw.lines("server.tsv"))),
    },
    verdicts: [],
  };
}

/** Returns the rates of this server, by case and in the order of the rounds. */
export function rates(lines: Lines): ReadonlyMap<string, readonly number[]> {
  const all = new Map<string, number[]>();
  for (const [name = "", side, rate = ""] of lines) {
    if (side === "now") {
      all.set(name, [...(all.get(name) ?? []), Number(rate)]);
    }
  }
  return all;
}

function bars(lines: Lines): Bar[] {
  const all = rates(lines);
  const base = all.get(BASE) ?? [];
  return [...all].map(([name, own]) => {
    const ratios = own.map((rate, round) => rate / (base[round] ?? Number.NaN));
    const hue = name === BASE ? "three" : name.startsWith("create") ? "two" : "one";
    return { name, value: median(ratios), label: median(ratios).toFixed(2), hue };
  });
}
