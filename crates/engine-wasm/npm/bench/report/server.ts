/** The server under load. */
import { type Bar, barsPlot } from "./bars.js";
import { line, type Part, type Verdict } from "./part.js";
import type { Lines, Raw } from "./raw.js";
import { median } from "./statistics.js";

const BASE = "hello world";

/** The least that a case should reach, relative to a hello world. */
const TARGETS: Readonly<Record<string, number>> = {
  "GET /v1/time": 0.9,
  "GET session, embedded": 0.75,
  "GET session, Redis, warm": 0.75,
  "GET session, 304": 0.8,
  "GET state, embedded": 0.75,
  "GET state, Redis, warm": 0.75,
  "create, embedded, durable": 0.15,
  "create, Redis, appendfsync everysec": 0.3,
  "create, Redis, appendfsync always": 0.15,
};

export function server(raw: Raw): Part {
  const relative = relativeRates(raw.lines("server.tsv"));
  const verdicts = targets(relative);
  return {
    page: [
      "`scripts/bench-server` loads the server with wrk, from the same machine: the server, its store and the load share the cores, so " +
        "only the ratios carry over to other machines. *Relative to hello world* is the median of the ratios within each round.",
      "![Requests a second, relative to a hello world](server.svg)",
      raw.text("server-tables.md"),
      "## What must hold",
      verdicts.map((verdict) => `- ${line(verdict)}`).join("\n"),
    ].join("\n\n"),
    plots: {
      "server.svg": barsPlot("Requests a second, relative to a hello world in actix-web", bars(relative)),
    },
    verdicts,
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

/** Returns the median of the ratios to the hello world of the same round, by case. */
function relativeRates(lines: Lines): ReadonlyMap<string, number> {
  const all = rates(lines);
  const base = all.get(BASE) ?? [];
  const relative = (own: readonly number[]): number =>
    median(own.map((rate, round) => rate / (base[round] ?? Number.NaN)));
  return new Map([...all].map(([name, own]) => [name, relative(own)]));
}

function targets(relative: ReadonlyMap<string, number>): Verdict[] {
  return Object.entries(TARGETS).map(([name, target]) => {
    const measured = relative.get(name) ?? Number.NaN;
    return {
      holds: measured >= target,
      text: `server: "${name}" is at least ${target} of a hello world: ${measured.toFixed(2)}`,
    };
  });
}

function bars(relative: ReadonlyMap<string, number>): Bar[] {
  return [...relative].map(([name, value]) => {
    const hue = name === BASE ? "three" : name.startsWith("create") ? "two" : "one";
    return { name, value, label: value < 0.01 ? value.toPrecision(1) : value.toFixed(2), hue };
  });
}
